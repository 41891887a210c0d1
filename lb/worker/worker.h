// One worker process: a loop that accepts, decides and relays. Declares the one function that the master
// calls after the fork.
#pragma once

#include "lb/process/heritage.h"

namespace finishline::worker {

/// Runs until the master says that it is to drain, and has drained, or until the master dies. Returns the
/// exit code.
int run_worker(const process::Heritage& heritage);

}  // namespace finishline::worker
