// `finishline sim`: policies compared under a virtual clock, without a socket. Runs in the calling process
// and starts no other.
#pragma once

namespace finishline::cli {

/// argv[0] is the name of the command, flags follow. Prints the report to standard output, problems to
/// standard error. Returns the exit code: 0, or 2 for arguments that make no sense.
int run_sim_command(int argc, char** argv);

}  // namespace finishline::cli
