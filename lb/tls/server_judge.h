// Whether a server is the one that is meant, for the connections of a client that is not ours, such as
// cpp-httplib's: by a certificate of it that is known, which may be renewed meanwhile, otherwise by who has
// signed it, and by its name. Commands.
#pragma once

#include <string>

#include "lb/tls/certificate.h"
#include "lb/tls/handles.h"

namespace finishline::tls {

class ServerJudge {
 public:
  struct Options {
    std::string name{};  // DNS name or address that its certificate must have
    std::string ca{};    // PEM; "": those of the system
    /// PEM, its certificate as a file has it, with those that lead to its root behind it; "": not known.
    /// Where it is, a name that this has will do too, and without `ca` one with the same key is trusted,
    /// whatever else it says, and one with another key that those behind it have signed.
    std::string known{};
  };
  /// A `known` that cannot be read is not known.
  explicit ServerJudge(Options options);
  ServerJudge(const ServerJudge&) = delete;
  ServerJudge& operator=(const ServerJudge&) = delete;

  /// Judges all connections of this context from now on; it outlives them. "" or why not.
  std::string judge_for(SSL_CTX* context);
  /// Whether it was told a certificate.
  bool knows_one() const { return known_.leaf != nullptr; }
  /// Why the last one was refused; "" when none was.
  const std::string& refusal() const { return refusal_; }

 private:
  static int judge(X509_STORE_CTX* shown, void* self);
  std::string fault_of(X509_STORE_CTX* shown) const;
  bool has_its_name(X509& certificate) const;

  Options options_;
  CertificateChain known_{};  // of options_.known; no leaf: nothing is known
  std::string refusal_;
};

}  // namespace finishline::tls
