// What lies in the memory of another process. Linux only; for who may trace it.
#pragma once

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace finishline::test {

/// Whether these bytes stand anywhere in it.
inline bool memory_holds(pid_t pid, std::string_view bytes) {
  std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
  const int memory = ::open(("/proc/" + std::to_string(pid) + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
  bool found = false;
  for (std::string line; memory >= 0 && !found && std::getline(maps, line);) {
    unsigned long begin = 0, end = 0;
    char rights[5]{};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, rights) != 3 || rights[1] != 'w') continue;
    std::string part(end - begin, '\0');
    const ssize_t n = ::pread(memory, part.data(), part.size(), static_cast<off_t>(begin));
    found = n > 0 && part.substr(0, static_cast<std::size_t>(n)).find(bytes) != std::string::npos;
  }
  if (memory >= 0) ::close(memory);
  return found;
}

/// Whether it has a descriptor whose target has this in its name.
inline bool has_descriptor(pid_t pid, std::string_view name) {
  std::error_code gone;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", gone)) {
    const auto target = std::filesystem::read_symlink(entry.path(), gone);
    if (target.string().find(name) != std::string::npos) return true;
  }
  return false;
}

}  // namespace finishline::test
