// `finishline upgrade`: the program file that the running proxy was started from takes its place, in the same
// process. A process of its own; asks the admin server and waits for the outcome.
#pragma once

namespace finishline::cli {

/// argv[0] is the command's name. Returns the exit code: 0 when the new program serves, 1 when the proxy does
/// not answer or goes on as it was, 2 for bad flags, configuration or token file.
int run_upgrade_command(int argc, char** argv);

}  // namespace finishline::cli
