// Addresses and listening sockets: plain POSIX, no loop. The one file of net/ that the master may include,
// because listening sockets are made before the fork.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "proto/units.h"

namespace finishline::net {

/// An IPv4 or IPv6 socket address. A value.
class Address {
 public:
  Address() = default;
  Address(const sockaddr* address, socklen_t length);
  /// Of `host` in network order, 4 or 16 bytes.
  Address(std::span<const std::byte> host, std::uint16_t port);

  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t length() const { return length_; }
  std::uint16_t port() const;
  /// "127.0.0.1:9000", "[::1]:9000"; "" for a default-constructed one.
  std::string to_string() const;
  /// The host alone in network order: 4 bytes for IPv4, also when it comes as IPv6 (::ffff:10.1.2.3), else 16;
  /// none for a default-constructed one. Borrows from this address.
  std::span<const std::byte> host() const;
  /// The host alone, hashed; equal hosts hash alike whatever their ports.
  std::uint64_t host_hash() const;
  /// Family, host and port.
  bool operator==(const Address& other) const;

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

/// Reads "HOST:PORT" or "[HOST]:PORT"; a host name is resolved at once (blocking). The string is the
/// reason why not, fit for a user.
std::variant<Address, std::string> parse_address(std::string_view text);

/// Reads "10.0.0.5" or "fd00::5", with port 0. Looks nothing up.
std::variant<Address, std::string> parse_host(std::string_view text);

/// Binds and listens: non-blocking, close-on-exec, SO_REUSEADDR. Returns the descriptor, which the
/// caller owns, or the reason why not ("address already in use").
std::variant<int, std::string> open_listener(const Address& address, int backlog = 4096);

/// A non-blocking, close-on-exec socket that will connect from this host (port 0). Its port is chosen when it
/// does, so that one port serves towards many addresses (IP_BIND_ADDRESS_NO_PORT, ip(7)). The caller owns it;
/// a negative errno when it cannot be had.
int open_outgoing(const Address& source);

/// How a connection whose other side has fallen silent is found out. A listening socket hands both on to the
/// connections that it accepts.
struct Liveness {
  Nanos keepalive{};     // probes after so long without a byte, three of them in as long again; 0: none
  Nanos user_timeout{};  // gives up when sent bytes are not taken for so long; 0: the kernel's own patience
};
/// SO_KEEPALIVE and TCP_USER_TIMEOUT of a TCP socket; whole seconds and milliseconds, rounded up.
void set_liveness(int fd, const Liveness& liveness);
/// The kernel takes no more of a socket's output while it holds so many bytes that it has not sent yet
/// (TCP_NOTSENT_LOWAT, tcp(7)): it would take megabytes of a client that does not read. As above of a
/// listening socket.
void limit_unsent(int fd, std::size_t bytes);

/// The address a socket is bound to: after binding port 0, the port that the kernel chose.
Address bound_address(int fd);

}  // namespace finishline::net
