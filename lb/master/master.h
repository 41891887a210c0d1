// The master process: binds sockets, maps the ledger, forks workers and control, supervises them, and
// replaces them when the configuration changes. It has no event loop and touches no client byte.
#pragma once

#include <optional>

#include <string>

#include "lb/config/config.h"
#include "lb/config/given_file.h"

namespace finishline::master {

/// Runs the proxy by this configuration file until SIGTERM or SIGINT and the drain that follows. `log_level`
/// is stronger, now and after each reload. Takes over from the program before it when that has replaced
/// itself by this one (handover.h), and uses listening sockets that a service manager has opened
/// (process/activation.h). Returns the exit code: 0 after an orderly end, 1 when a child died
/// too often, 2 when the configuration cannot be run on this machine (said on standard error, before any
/// fork).
int run_master(const config::GivenFile& file, std::optional<config::LogLevel> log_level = {});

}  // namespace finishline::master
