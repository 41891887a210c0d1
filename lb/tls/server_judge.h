// Whether a server is the one that is meant, for the connections of a client that is not ours, such as
// cpp-httplib's: by the digest of its certificate where that is known, otherwise by who has signed it, and by
// its name. Commands.
#pragma once

#include <string>
#include <vector>

#include "lb/tls/handles.h"

namespace finishline::tls {

class ServerJudge {
 public:
  struct Options {
    std::string name{};               // DNS name or address that its certificate must have
    std::string ca{};                 // PEM; "": those of the system
    std::vector<std::string> pins{};  // sha256 of certificates: one of them, and nothing else matters
  };
  explicit ServerJudge(Options options) : options_(std::move(options)) {}
  ServerJudge(const ServerJudge&) = delete;
  ServerJudge& operator=(const ServerJudge&) = delete;

  /// Judges all connections of this context from now on; it outlives them. "" or why not.
  std::string judge_for(SSL_CTX* context);
  /// Why the last one was refused; "" when none was.
  const std::string& refusal() const { return refusal_; }

 private:
  static int judge(X509_STORE_CTX* shown, void* self);
  std::string fault_of(X509_STORE_CTX* shown) const;

  Options options_;
  std::string refusal_;
};

}  // namespace finishline::tls
