#include "lb/net/unix_file.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace finishline::net {
namespace {

enum class Spot : std::uint8_t { free, stale, taken, blocked };

int unix_socket() { return ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

/// Closes without losing errno.
void close_quietly(int fd) {
  const int error = errno;
  ::close(fd);
  errno = error;
}

/// Only who listens takes a connection, or has so many waiting that it takes none now.
bool somebody_listens(const Address& address) {
  const int fd = unix_socket();
  if (fd < 0) return true;
  const bool refused = ::connect(fd, address.data(), address.length()) != 0 && errno == ECONNREFUSED;
  ::close(fd);
  return !refused;
}

Spot look_at(const Address& address) {
  struct stat it {};
  if (::lstat(address.path().c_str(), &it) != 0) return Spot::free;
  if (!S_ISSOCK(it.st_mode)) return Spot::blocked;
  return somebody_listens(address) ? Spot::taken : Spot::stale;
}

std::string fail(int error, const std::string& why) {
  errno = error;
  return why;
}

/// "" when it is there and may be written to.
std::string folder_fault(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  if (::access(folder.c_str(), W_OK | X_OK) == 0) return "";
  const int error = errno;
  if (error == ENOENT) return fail(error, "there is no folder " + folder + ": make it");
  return fail(error, "no file can be made in " + folder + ": " + std::strerror(error));
}

}  // namespace

std::optional<UnixFileId> unix_file_id(const Address& address) {
  struct stat it {};
  if (::lstat(address.path().c_str(), &it) != 0 || !S_ISSOCK(it.st_mode)) return std::nullopt;
  return UnixFileId{it.st_dev, it.st_ino};
}

std::string set_up_unix_file(const Address& address, const UnixFile& file) {
  const std::string path = address.path();
  const bool as_made = file.owner == static_cast<uid_t>(-1) && file.group == static_cast<gid_t>(-1);
  if (!as_made && ::chown(path.c_str(), file.owner, file.group) != 0)
    return std::string("its owner cannot be set: ") + std::strerror(errno);
  if (::chmod(path.c_str(), file.mode) != 0)
    return std::string("its mode cannot be set: ") + std::strerror(errno);
  return "";
}

std::string unix_bind_fault(const Address& address) {
  const std::string path = address.path();
  if (std::string why = folder_fault(path); !why.empty()) return why;
  switch (look_at(address)) {
    case Spot::taken:
      return fail(EADDRINUSE, "another process listens there");
    case Spot::blocked:
      return fail(EEXIST, path + " is there and no socket: remove it, or choose another path");
    default:
      return "";
  }
}

std::variant<int, std::string> bind_unix(const Address& address, const UnixFile& file) {
  if (std::string why = unix_bind_fault(address); !why.empty()) return why;
  const std::string path = address.path();
  if (look_at(address) == Spot::stale) ::unlink(path.c_str());
  const int fd = unix_socket();
  if (fd < 0) return std::string(std::strerror(errno));
  std::string why;
  if (::bind(fd, address.data(), address.length()) != 0) {
    why = std::strerror(errno);
  } else if (why = set_up_unix_file(address, file); !why.empty()) {
    const int error = errno;
    ::unlink(path.c_str());
    errno = error;
  }
  if (why.empty()) return fd;
  close_quietly(fd);
  return why;
}

void remove_unix_file(const Address& address) {
  if (!address.path().empty() && unix_file_id(address)) ::unlink(address.path().c_str());
}

}  // namespace finishline::net
