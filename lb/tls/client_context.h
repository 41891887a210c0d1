// What it takes to speak TLS to a server: whom to trust, what it must be called, what to show. One per
// server; keeps the last session, so that the next connection is cheaper.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "lb/tls/handles.h"
#include "lb/tls/server_context.h"

namespace finishline::tls {

class ClientContext {
 public:
  struct Options {
    std::string name;                 // DNS name or address that its certificate must have; asked for by SNI
    bool verify = true;               // by `ca`, and the name
    std::string ca{};                 // PEM; "": those of the system
    CertificateFiles own{};           // what is shown when it is asked for; empty: nothing
    std::vector<std::string> pins{};  // sha256 of certificates, one of which it must be; none: any
    std::vector<std::string> protocols{};  // ALPN
  };
  /// Or the reason why not.
  static std::variant<std::unique_ptr<ClientContext>, std::string> make(Options options);
  /// Connections may live on, such as those that say their last words; their sessions are kept no more.
  ~ClientContext();
  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;

  /// For one more connection; inside of tls/.
  Handle<SSL> make() const;
  /// Whether the pins allow it.
  bool pinned(const X509& certificate) const;

 private:
  explicit ClientContext(Options options) : options_(std::move(options)) {}
  std::string set_up();
  std::string show_own();
  static int keep_session(SSL* ssl, SSL_SESSION* session);

  Options options_;
  Handle<SSL_CTX> context_;
  mutable Handle<SSL_SESSION> session_;
};

}  // namespace finishline::tls
