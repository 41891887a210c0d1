// finishline completion: what a shell needs to complete our commands and flags. A process of its own.
#pragma once

namespace finishline::cli {

/// Prints a script for bash, zsh or fish; returns the exit code. The scripts ask the programs' --help, so
/// they know what the installed version knows.
int run_completion_command(int argc, char** argv);

}  // namespace finishline::cli
