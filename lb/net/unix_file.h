// The file of a listening Unix socket: made where nobody listens, with its owner and mode. Plain POSIX, no
// loop: the master and the servers bind before they have one.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <variant>

#include "lb/address/address.h"

namespace finishline::net {

/// Who may connect: to do so takes write permission.
struct UnixFile {
  mode_t mode = 0660;
  uid_t owner = static_cast<uid_t>(-1);  // -1: whoever makes it
  gid_t group = static_cast<gid_t>(-1);
};

/// Which file it is: while its socket is open no other one has these.
struct UnixFileId {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const UnixFileId&) const = default;
};
/// Of the socket that is there now; nothing when there is none.
std::optional<UnixFileId> unix_file_id(const Address& address);

/// Binds: non-blocking, close-on-exec. A file that an earlier process has left there, and at which nobody
/// listens, is replaced; any other is left alone. Returns the descriptor, which the caller owns, or the
/// reason why not, with what to do, which errno is, too. Precondition: address.is_unix().
std::variant<int, std::string> bind_unix(const Address& address, const UnixFile& file);
/// Owner and mode of one that is there; the reason why not, "" when they are set.
std::string set_up_unix_file(const Address& address, const UnixFile& file);
/// Why it could not be bound, without trying; "" when it most likely could. EADDRINUSE in errno: somebody
/// listens there.
std::string unix_bind_fault(const Address& address);
/// The file goes, if it is a socket. To be called while its socket listens: then it is nobody else's. Nothing
/// for an address that is no path.
void remove_unix_file(const Address& address);

}  // namespace finishline::net
