// `finishline config export` and `finishline config changes`: what a running proxy works by, and what of it
// was changed over its file. A process of its own.
#pragma once

namespace finishline::cli {

int run_config_command(int argc, char** argv);

}  // namespace finishline::cli
