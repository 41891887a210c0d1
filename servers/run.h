// The process of a reference server: its sockets, its signals, its loop.
#pragma once

#include "servers/options.h"

namespace finishline::server {

/// Runs a server until SIGTERM or SIGINT: prints "listening on HOST:PORT" to standard output once it does.
/// Returns the exit code: 0 after finishing what was queued, 1 when it cannot listen or a second signal
/// cut that short.
int run(const Options& options);

}  // namespace finishline::server
