// What the clients of one listener that speaks TLS are shown and asked for. Worker process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "lb/config/config.h"
#include "lb/process/heritage.h"
#include "lb/tls/server_context.h"
#include "proto/units.h"

namespace finishline::worker {

struct ListenerTls {
  std::unique_ptr<tls::ServerContext> context;
  /// Whether the log is to tell of one more failure now: of kMostTold a second.
  bool may_tell(Instant now) {
    if (now - told_since_ >= 1s) told_since_ = now, told_ = 0;
    return told_++ < kMostTold;
  }

 private:
  static constexpr std::uint32_t kMostTold = 10;
  Instant told_since_{};
  std::uint32_t told_ = 0;
};

/// Of each listener of the configuration, in their order; nullptr for one that does not speak it. Or the
/// reason why one cannot. Control is told what certificates are shown. Private keys are here, and nowhere
/// else, from now on.
std::variant<std::vector<std::unique_ptr<ListenerTls>>, std::string> make_all_listener_tls(
    const process::Heritage& heritage);

}  // namespace finishline::worker
