// The client from options to exit code.
#pragma once

#include "client/options.h"

namespace finishline::client {

inline constexpr int kExitGood = 0;    // every request was answered, and correctly
inline constexpr int kExitFailed = 1;  // something failed; the report says what
inline constexpr int kExitUsage = 2;   // the command line, or a file it names, is wrong: nothing was sent

/// Plays what `options`, which have no problems of their own, ask for; reports to standard output and errors
/// to standard error. Returns one of the above, or 128 + the signal that interrupted the run.
int run(const Options& options);

}  // namespace finishline::client
