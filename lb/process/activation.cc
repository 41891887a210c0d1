#include "lb/process/activation.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

namespace finishline::process {
namespace {

constexpr int kFirst = 3;
constexpr int kMost = 1024;

}  // namespace

std::vector<Descriptor> take_activated_sockets() {
  const char* const pid = std::getenv("LISTEN_PID");
  const char* const count = std::getenv("LISTEN_FDS");
  const bool for_us = pid != nullptr && count != nullptr && std::atol(pid) == ::getpid();
  const int sockets = for_us ? std::atoi(count) : 0;
  for (const char* const name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  std::vector<Descriptor> taken;
  for (int fd = kFirst; fd < kFirst + sockets && sockets <= kMost; ++fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0) continue;
    ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    taken.emplace_back(fd);
  }
  return taken;
}

}  // namespace finishline::process
