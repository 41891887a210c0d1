#include "lb/process/limits.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "lb/config/descriptors.h"

namespace finishline::process {

std::optional<std::string> raise_descriptor_limit(const config::Config& config) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const config::DescriptorNeed need = config::descriptor_need(config);
  if (std::string problem = config::shortage(need, config::hard_limit_of_files()); !problem.empty())
    return problem;
  if (limit.rlim_cur >= need.sum()) return std::nullopt;
  limit.rlim_cur = need.sum();
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return std::nullopt;
  return std::string("cannot raise the limit of open files: ") + std::strerror(errno);
}

void map_large_blocks() {
  constexpr int kLarge = 1 << 20, kKeptFree = 8 << 20;
  ::mallopt(M_MMAP_THRESHOLD, kLarge);
  ::mallopt(M_TRIM_THRESHOLD, kKeptFree);
}

void give_back_free_memory() { ::malloc_trim(0); }

namespace {

/// The last of the three numbers in a file of /proc/sys/net/ipv4; 0 when it cannot be read.
std::uint64_t largest_of(const char* name) {
  std::ifstream in(std::string("/proc/sys/net/ipv4/") + name);
  std::uint64_t least = 0, usual = 0, most = 0;
  return in >> least >> usual >> most ? most : 0;
}

}  // namespace

config::SocketMemory socket_memory() {
  return {.of_one = largest_of("tcp_rmem") + largest_of("tcp_wmem"),
          .of_all = largest_of("tcp_mem") * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))};
}

}  // namespace finishline::process
