// `finishline forecast`: a load from a file, where it will go, and how sure that is. Runs in the calling
// process and starts no other.
#pragma once

namespace finishline::cli {

/// argv[0] is the name of the command, a file and flags follow. Prints the report to standard output,
/// problems to standard error. Returns the exit code: 0, or 2 for a file or arguments that make no sense.
int run_forecast_command(int argc, char** argv);

}  // namespace finishline::cli
