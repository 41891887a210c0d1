// A disk of one test's own that is soon full, where the test may mount one.
#pragma once

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <string>

#include "tests/support/temp_dir.h"

namespace finishline::test {

class SmallDisk {
 public:
  SmallDisk() : mounted_(::mount("tmpfs", path().c_str(), "tmpfs", 0, "size=1m,mode=0777") == 0) {}
  ~SmallDisk() {
    if (mounted_) ::umount2(path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  /// False where that is not allowed, as to whoever is not root.
  bool mounted() const { return mounted_; }
  std::string path() const { return dir_.file(""); }
  /// Until not one more byte has room.
  void fill() const {
    const int fd = ::open(ballast().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::string bytes(4096, 'x');
    while (::write(fd, bytes.data(), bytes.size()) > 0) {
    }
    ::close(fd);
  }
  void empty() const { ::unlink(ballast().c_str()); }

 private:
  std::string ballast() const { return dir_.file("ballast"); }

  TempDir dir_;
  bool mounted_;
};

}  // namespace finishline::test
