// How servers, and redis, are spoken to over TLS: one context for each way that a configuration names, made
// when it is first asked for and kept, with the last session of each. Any process but the master, on its
// loop.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "lb/config/config.h"
#include "lb/process/credential_files.h"
#include "lb/tls/client_context.h"

namespace finishline::process {

class ServerTls {
 public:
  /// `files` outlive it; nullptr: there are none.
  explicit ServerTls(const CredentialFiles* files) : files_(files) {}

  /// nullptr for one that is spoken to without. Where the files of a server that wants it are no good, no
  /// certificate is: it is out of reach, and the log tells why.
  const tls::ClientContext* of(const config::Server& server);
  /// Of anybody: `owner` as in the log, and the name that its certificate must have.
  const tls::ClientContext* of(const std::string& owner, const config::TlsOut& how, const std::string& name);

 private:
  std::unique_ptr<tls::ClientContext> make(const std::string& owner, const config::TlsOut& how,
                                           const std::string& name);

  const CredentialFiles* files_;
  std::map<std::string, std::unique_ptr<tls::ClientContext>> contexts_;
};

/// All that makes one way to speak to a server differ from another; "" without TLS.
std::string tls_key_of(const config::Server& server);

}  // namespace finishline::process
