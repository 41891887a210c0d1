// The file and the arguments that this program was started with, for running it again. Master process.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace finishline::process {

struct Program {
  std::string path;                    // of the file, as it was at the start: another may stand there now
  std::vector<std::string> arguments;  // argv, its first entry included
};
Program this_program();

/// Runs `path` with these arguments (without argv[0]) and without standard output; nothing when it exits with
/// 0 in time, else how it ended. Waits for it.
std::optional<std::string> try_program(const std::string& path, const std::vector<std::string>& arguments);

/// Becomes that program. Returns only on failure: the reason.
std::string become(const Program& program);

}  // namespace finishline::process
