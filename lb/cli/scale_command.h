// `finishline scale`: which servers a running proxy starts and ends, and why. A process of its own.
#pragma once

namespace finishline::cli {

/// Returns the exit code.
int run_scale_command(int argc, char** argv);

}  // namespace finishline::cli
