#include "lb/process/pid_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "lb/process/file_lock.h"

namespace finishline::process {
namespace {

/// In which it is, so that a file of that name is none.
std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash) + "/.";
}

}  // namespace

PidFile::~PidFile() { remove(); }

std::optional<std::string> PidFile::fault_of(const std::string& path) {
  if (path.empty()) return std::nullopt;
  const std::string cannot = "cannot write " + path + ": ";
  if (::faccessat(AT_FDCWD, folder_of(path).c_str(), W_OK | X_OK, AT_EACCESS) != 0)
    return cannot + std::strerror(errno);
  struct stat status {};
  const bool is_there = ::lstat(path.c_str(), &status) == 0;  // a link would be replaced, as a file is
  if (is_there && !S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode))
    return cannot + "it is no regular file";
  return std::nullopt;
}

std::optional<std::string> PidFile::claim(const std::string& path) {
  if (path.empty()) return std::nullopt;
  if (const auto fault = fault_of(path)) return "proxy.pid_file: " + *fault;
  if (const pid_t owner = lock_owner(path); owner != 0)
    return "proxy.pid_file: " + path + " belongs to a finishline that runs, process " + std::to_string(owner);
  path_ = path;
  file_ = Descriptor(::open(draft().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (file_ && lock_file(file_.get())) return std::nullopt;
  const std::string why = std::strerror(errno);
  file_ = {};
  path_.clear();
  return "proxy.pid_file: cannot write " + path + ".new: " + why;
}

void PidFile::write() {
  if (!file_ || written_) return;
  const std::string line = std::to_string(::getpid()) + '\n';
  if (::ftruncate(file_.get(), 0) != 0 ||
      ::pwrite(file_.get(), line.data(), line.size(), 0) != static_cast<ssize_t>(line.size()))
    return;
  written_ = std::rename(draft().c_str(), path_.c_str()) == 0;
}

void PidFile::remove() {
  if (!file_) return;
  ::unlink(written_ ? path_.c_str() : draft().c_str());
  file_ = {};
}

}  // namespace finishline::process
