// The master process: binds sockets, maps the ledger, forks workers and control, supervises them. It has no
// event loop and touches no client byte.
#pragma once

#include "lb/config/config.h"

namespace finishline::master {

/// Runs the proxy until SIGTERM or SIGINT and the drain that follows. Returns the exit code: 0 after an
/// orderly end, 1 when a child died too often, 2 when the configuration cannot be run on this machine
/// (said on standard error, before any fork).
int run_master(const config::Config& config);

}  // namespace finishline::master
