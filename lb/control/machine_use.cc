#include "lb/control/machine_use.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string>

namespace finishline::control {
namespace {

/// The number behind "NAME:"; nothing without.
std::optional<double> field_in(std::string_view text, std::string_view name) {
  auto at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  at = text.find_first_not_of(' ', at + name.size());
  double value = 0;
  if (at == std::string_view::npos ||
      std::from_chars(text.data() + at, text.data() + text.size(), value).ec != std::errc{})
    return std::nullopt;
  return value;
}

std::optional<double> disk_use(int fd) {
  struct statvfs disk {};
  if (fd < 0 || ::fstatvfs(fd, &disk) != 0) return std::nullopt;
  const auto used = static_cast<double>(disk.f_blocks - disk.f_bfree);
  const double all = used + static_cast<double>(disk.f_bavail);  // as df(1): without what is root's
  return all > 0 ? std::optional(used / all) : std::nullopt;
}

/// What is found by its path need not be readable.
std::optional<double> disk_use(const WrittenPlace& it) {
  if (it.path.empty()) return disk_use(it.fd);
  const int fd = ::open(it.path.c_str(), O_PATH | O_CLOEXEC);
  const auto use = disk_use(fd);
  if (fd >= 0) ::close(fd);
  return use;
}

}  // namespace

std::optional<double> memory_use_in(std::string_view text) {
  const auto all = field_in(text, "MemTotal:"), available = field_in(text, "MemAvailable:");
  if (!all || !available || *all <= 0) return std::nullopt;
  return std::clamp(1 - *available / *all, 0.0, 1.0);
}

MachineUse machine_use(const std::vector<WrittenPlace>& written) {
  std::ifstream in("/proc/meminfo");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  MachineUse all{.memory = memory_use_in(text),
                 .memory_bytes = field_in(text, "MemTotal:").value_or(0) * 1024};
  for (const WrittenPlace& it : written)
    if (const auto use = disk_use(it)) all.disks.push_back({it.of, *use});
  return all;
}

}  // namespace finishline::control
