// What is in use of the machine that the proxy runs on: memory, and the disk of the log. Control process.
#pragma once

#include <optional>
#include <string_view>

namespace finishline::control {

/// Shares, 0 to 1; nothing where the kernel does not tell.
struct MachineUse {
  std::optional<double> memory{}, log_disk{};
};

/// `log_fd` is the log file, -1: none.
MachineUse machine_use(int log_fd);
/// Out of the text of /proc/meminfo (proc(5)): what is not available of all.
std::optional<double> memory_use_in(std::string_view text);

}  // namespace finishline::control
