// The file and the arguments that this program was started with, for running it again. Master process.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace finishline::process {

struct Program {
  std::string path;                    // of the file, as it was at the start: another may stand there now
  std::vector<std::string> arguments;  // argv, its first entry included
};
Program this_program();

/// What a trial ends with when the file could not be executed.
inline constexpr int kNotRun = 127;

/// Starts `path` with these arguments (without argv[0]) and without standard output. Its pid, which the
/// caller reaps; -1 with errno.
pid_t try_program(const std::string& path, const std::vector<std::string>& arguments);

/// Becomes that program. Returns only on failure: the reason.
std::string become(const Program& program);

}  // namespace finishline::process
