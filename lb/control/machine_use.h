// What is in use of the machine that the proxy runs on: memory, and the disks that the proxy writes to.
// Control process.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace finishline::control {

/// Shares, 0 to 1; nothing where the kernel does not tell.
struct MachineUse {
  struct Disk {
    std::string of;  // "log", "access log", "state_dir"
    double use = 0;
  };
  std::optional<double> memory{};
  double memory_bytes = 0;   // that there are; 0: not known
  double worker_budget = 0;  // bytes: the most that a worker may come to use; 0: not known
  std::vector<Disk> disks{};
};

/// What is written: a file or directory, or one that is open; it need not be there.
struct WrittenPlace {
  std::string of;  // as above
  std::string path{};
  int fd = -1;
};
/// The worker's budget is the caller's to tell.
MachineUse machine_use(const std::vector<WrittenPlace>& written);
/// Out of the text of /proc/meminfo (proc(5)): what is not available of all.
std::optional<double> memory_use_in(std::string_view text);

}  // namespace finishline::control
