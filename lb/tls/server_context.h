// What a listener needs to speak TLS: its certificates, chosen by the name that a client asks for, and what
// it demands of clients. Made in each worker from the texts of the files; keys are in no other process.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "lb/tls/certificate.h"
#include "lb/tls/handles.h"
#include "lb/tls/settings.h"

namespace finishline::tls {

class TicketKeys;

/// The texts of the files of one certificate.
struct CertificateFiles {
  std::string chain;
  std::string key;
  std::string ocsp;  // a response in DER; "": none
};

class ServerContext {
 public:
  struct Options {
    std::string id;                                // of the listener: sessions are good for it alone
    std::vector<CertificateFiles> certificates{};  // the first is for clients that ask for none of the others
    MinVersion min_version = MinVersion::v1_2;
    std::vector<std::string> protocols{};  // ALPN, the best first; none: whatever the client likes
    ClientAuth client_auth = ClientAuth::off;
    std::string client_ca{};  // PEM
    // Names of clients whose certificates are let in, as in TlsEngine::peer_names(); none: every good one is.
    std::vector<std::string> allow_subjects{};
    const TicketKeys* tickets = nullptr;  // outlive it; none: no session is resumed
  };
  /// Or the reason why not.
  static std::variant<std::unique_ptr<ServerContext>, std::string> make(Options options);
  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;

  /// Whether one of these names of a client is let in; none: it has shown no certificate, and whether it has
  /// to is not for this to say. Handshakes know it; a session that is resumed has to be asked again.
  bool admits(const std::vector<std::string>& names) const;
  /// What is told of somebody whom it does not.
  static std::string not_admitted(const std::vector<std::string>& names);

  /// For one more connection; inside of tls/.
  Handle<SSL> make() const;
  /// How many seconds of life its certificates have; the leaf of each, in the order of the options.
  struct Shown {
    std::string name;
    CalendarTime until = 0;
  };
  const std::vector<Shown>& shown() const { return shown_; }

 private:
  struct Entry {
    Handle<SSL_CTX> context;
    std::vector<std::string> names;
    std::vector<int> key_types;
    std::map<const X509*, std::string> ocsp;
  };
  explicit ServerContext(Options options) : options_(std::move(options)) {}

  std::string add(CertificateFiles& files);
  Entry& entry_for(const CertificateChain& chain, int key_type);
  std::string set_up(SSL_CTX* context);
  std::string demand_certificates(SSL_CTX* context);
  const Entry* entry_named(const char* name) const;

  static int judge_client(X509_STORE_CTX* shown, void* self);
  static int choose_certificate(SSL* ssl, int*, void* self);
  static int choose_protocol(SSL*, const unsigned char** out, unsigned char* length, const unsigned char* in,
                             unsigned in_length, void* self);
  static int staple(SSL* ssl, void* self);
  static int seal_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                         EVP_MAC_CTX* mac, int sealing);

  Options options_;
  std::string wire_protocols_;
  std::vector<std::unique_ptr<Entry>> entries_;
  std::map<std::string, const Entry*> by_name_;
  std::vector<Shown> shown_;
};

}  // namespace finishline::tls
