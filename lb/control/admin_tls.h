// The admin server's end of TLS, made from the files that the master has copied. Control process.
#pragma once

#include <memory>
#include <vector>

#include "lb/control/snapshot.h"
#include "lb/process/heritage.h"
#include "lb/tls/server_context.h"

namespace finishline::control {

class AdminTls {
 public:
  /// Where the files are no good the log tells why.
  explicit AdminTls(const process::Heritage& heritage);

  /// Whether the admin server may be begun: with TLS where that is wanted, never without it.
  bool usable() const { return context_ != nullptr || !wanted_; }
  /// nullptr: none is spoken.
  const tls::ServerContext* context() const { return context_.get(); }
  /// The certificate that it shows, beside those of listeners.
  void add_to(std::vector<CertificateSnapshot>& certificates) const;

 private:
  bool wanted_;
  std::unique_ptr<tls::ServerContext> context_;
};

}  // namespace finishline::control
