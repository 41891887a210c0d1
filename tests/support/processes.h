// What the kernel knows about a process: children, descriptors, memory. Linux only, as the proxy is.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace finishline::test {

inline std::string proc_file(pid_t pid, const char* name) {
  const std::ifstream in("/proc/" + std::to_string(pid) + '/' + name);
  std::ostringstream text;  // an iterator would throw where the process ends meanwhile
  text << in.rdbuf();
  return text.str();
}

/// The processes that this one has forked and not reaped.
inline std::vector<pid_t> children_of(pid_t pid) {
  std::istringstream text(proc_file(pid, ("task/" + std::to_string(pid) + "/children").c_str()));
  return {std::istream_iterator<pid_t>(text), {}};
}

/// It runs, or has ended and waits to be reaped.
inline bool exists(pid_t pid) { return ::kill(pid, 0) == 0; }
inline bool all_gone(const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids) {
    if (exists(pid)) return false;
  }
  return true;
}

/// Whether a process of this group runs. One that has ended and waits to be reaped does not.
inline bool group_runs(pid_t group) {
  std::error_code gone;
  for (std::filesystem::directory_iterator it("/proc", gone), end; it != end; it.increment(gone)) {
    const std::string name = it->path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream in(it->path() / "stat");
    std::string stat;
    std::getline(in, stat, '\0');
    std::istringstream fields(stat.substr(std::min(stat.size(), stat.rfind(')') + 1)));
    char state = 'Z';
    pid_t parent = 0, its_group = 0;
    if (fields >> state >> parent >> its_group && its_group == group && state != 'Z') return true;
  }
  return false;
}

/// Open descriptors; 0 when the process is gone.
inline std::size_t descriptors_of(pid_t pid) {
  std::error_code gone;
  std::size_t count = 0;
  for (std::filesystem::directory_iterator it("/proc/" + std::to_string(pid) + "/fd", gone), end; it != end;
       ++count) {
    it.increment(gone);
  }
  return count;
}

/// How often it has gone to sleep since it started; 0 when it is gone.
inline std::size_t sleeps_of(pid_t pid) {
  const std::string status = proc_file(pid, "status"), key = "\nvoluntary_ctxt_switches:";
  const auto at = status.find(key);
  return at == std::string::npos ? 0 : std::stoul(status.substr(at + key.size()));
}

/// Whether memory is worth measuring: the address sanitizer keeps what was freed, in the programs as in the
/// tests, which are of one build.
#ifdef __SANITIZE_ADDRESS__
inline constexpr bool kMemoryTells = false;
#else
inline constexpr bool kMemoryTells = true;
#endif

/// Memory of its own in KiB: resident, neither file nor shared; 0 when the process is gone.
inline std::size_t private_kib_of(pid_t pid) {
  const std::string status = proc_file(pid, "status");
  const auto at = status.find("RssAnon:");
  return at == std::string::npos ? 0 : std::stoul(status.substr(at + 8));
}

}  // namespace finishline::test
