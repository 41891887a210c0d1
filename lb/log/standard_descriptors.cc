#include "lb/log/standard_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <initializer_list>

namespace finishline::log {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

/// The lowest free descriptor, leading nowhere. In a root without devices (chroot) it is a place that can be
/// neither read nor written: every use fails, none hits anything.
int open_nothing() {
  const int fd = ::open("/dev/null", O_RDWR);
  return fd >= 0 ? fd : ::open("/", O_PATH);
}

}  // namespace

bool open_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (!is_open(fd) && open_nothing() != fd) return false;
  return true;
}

}  // namespace finishline::log
