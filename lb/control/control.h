// The control process: admin HTTP, health of the servers, audit of the ledger. Traffic goes on without it.
#pragma once

#include "lb/process/heritage.h"

namespace finishline::control {

/// Runs until the master says that it is to end; returns the exit code. Called in a fresh child.
int run_control(process::Heritage& heritage);

}  // namespace finishline::control
