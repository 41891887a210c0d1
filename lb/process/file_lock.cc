#include "lb/process/file_lock.h"

#include <fcntl.h>

#include "lb/process/descriptor.h"

namespace finishline::process {
namespace {

struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

pid_t lock_owner(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  return file ? lock_owner(file.get()) : 0;
}

pid_t lock_owner(int fd) {
  struct flock lock = whole_file();
  return ::fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK ? 0 : lock.l_pid;
}

bool lock_file(int fd) {
  const struct flock lock = whole_file();
  return ::fcntl(fd, F_SETLK, &lock) == 0;
}

}  // namespace finishline::process
