// `finishline reload`: the running proxy reads its configuration file again. A process of its own; asks the
// admin server and waits for the outcome.
#pragma once

namespace finishline::cli {

/// argv[0] is the command's name. Returns the exit code: 0 when the new configuration is in force, 1 when the
/// proxy does not answer or refuses it, 2 for bad flags, configuration or token file.
int run_reload_command(int argc, char** argv);

}  // namespace finishline::cli
