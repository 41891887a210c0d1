// What the clients of one listener that speaks TLS are shown and asked for. Worker process.
#pragma once

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
  Instant told_at{};  // when the log last told of a failure
};

/// Of each listener of the configuration, in their order; nullptr for one that does not speak it. Or the
/// reason why one cannot. Control is told what certificates are shown. Private keys are here, and nowhere
/// else, from now on.
std::variant<std::vector<std::unique_ptr<ListenerTls>>, std::string> make_all_listener_tls(
    const process::Heritage& heritage);

}  // namespace finishline::worker
