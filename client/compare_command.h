// finishline-client compare: two reports side by side.
#pragma once

namespace finishline::client {

/// Reads the flags and both files, and prints what they differ in; argv[0] is the command's name. The exit
/// code: 0, 1 when a difference is beyond the limit that was given, 2 for bad usage and files that are no
/// reports, with a complaint on standard error.
int run_compare_command(int argc, char** argv);

}  // namespace finishline::client
