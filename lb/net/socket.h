// Listening sockets and what is set on sockets: plain POSIX, no loop, so that the master may include it:
// listening sockets are made before the fork.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "lb/address/address.h"
#include "lb/net/unix_file.h"
#include "proto/units.h"

namespace finishline::net {

/// How a listening socket is bound.
struct BindOptions {
  bool v6only = false;  // [::] for IPv6 alone, so that 0.0.0.0 can be another one's; [::1] is so in any case
  bool freebind = false;  // to an address that this machine does not have, or not yet (IP_FREEBIND, ip(7))
  UnixFile file{};        // of a Unix socket
};
/// Binds: non-blocking, close-on-exec, SO_REUSEADDR. Returns the descriptor, which the caller owns, or the
/// reason why not ("address already in use"), which errno is, too.
std::variant<int, std::string> bind_listener(const Address& address, const BindOptions& binding = {});
/// Binds and listens: non-blocking, close-on-exec, SO_REUSEADDR. Returns the descriptor, which the
/// caller owns, or the reason why not ("address already in use"), which errno is, too.
std::variant<int, std::string> open_listener(const Address& address, const BindOptions& binding = {},
                                             int backlog = 4096);

/// A non-blocking, close-on-exec socket that will connect from this host (port 0). Its port is chosen when it
/// does, so that one port serves towards many addresses (IP_BIND_ADDRESS_NO_PORT, ip(7)). The caller owns it;
/// a negative errno when it cannot be had.
int open_outgoing(const Address& source);

/// How a connection whose other side has fallen silent is found out. A listening socket hands both on to the
/// connections that it accepts.
struct TcpTimeouts {
  Nanos keepalive{};     // probes after so long without a byte, three of them in as long again; 0: none
  Nanos user_timeout{};  // gives up when sent bytes are not taken for so long; 0: the kernel's own patience
};
/// SO_KEEPALIVE and TCP_USER_TIMEOUT of a TCP socket; whole seconds and milliseconds, rounded up.
void set_tcp_timeouts(int fd, const TcpTimeouts& tcp_timeouts);
/// The kernel takes no more of a socket's output while it holds so many bytes that it has not sent yet
/// (TCP_NOTSENT_LOWAT, tcp(7)): it would take megabytes of a client that does not read. As above of a
/// listening socket.
void limit_unsent(int fd, std::size_t bytes);

/// Whether a socket of IPv6 leaves IPv4 to others.
bool is_v6only(int fd);
/// The address a socket is bound to: after binding port 0, the port that the kernel chose.
Address bound_address(int fd);
/// Of the other end; of no family when the connection is gone.
Address peer_address(int fd);

}  // namespace finishline::net
