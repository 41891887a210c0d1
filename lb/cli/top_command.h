// `finishline top`: what a running proxy does, live, with its servers to be sorted, filtered and drained. A
// process of its own.
#pragma once

namespace finishline::cli {

int run_top_command(int argc, char** argv);

}  // namespace finishline::cli
