// finishline history import POOL FILE.csv: what was measured before the proxy was there becomes part of the
// history of a running one. A process of its own.
#pragma once

namespace finishline::cli {

/// The exit code; argv[0] is "history".
int run_history_command(int argc, char** argv);

}  // namespace finishline::cli
