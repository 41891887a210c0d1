// finishline init: a configuration file to begin with. A process of its own.
#pragma once

namespace finishline::cli {

/// Writes the file and says what to do next; returns the exit code. Never writes over a file.
int run_init_command(int argc, char** argv);

}  // namespace finishline::cli
