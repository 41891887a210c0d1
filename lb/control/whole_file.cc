#include "lb/control/whole_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

namespace finishline::control {

bool write_whole(const std::string& file, const std::string& text) {
  const std::string fresh = file + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  const bool whole = done == text.size() && ::fsync(fd) == 0;
  ::close(fd);
  return whole && ::rename(fresh.c_str(), file.c_str()) == 0;
}

}  // namespace finishline::control
