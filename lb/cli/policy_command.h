// `finishline policy POOL [NAME]`: shows which policy a pool follows, or has it follow another from now on. A
// process of its own; asks the admin server.
#pragma once

namespace finishline::cli {

/// argv[0] is the command's name. Returns the exit code: 0, 1 when the proxy does not answer or refuses, 2
/// for bad flags, configuration or token file.
int run_policy_command(int argc, char** argv);

}  // namespace finishline::cli
