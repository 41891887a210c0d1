// Addresses and listening sockets: plain POSIX, no loop. The one file of net/ that the master may include,
// because listening sockets are made before the fork.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace finishline::net {

/// An IPv4 or IPv6 socket address. A value.
class Address {
 public:
  Address() = default;
  Address(const sockaddr* address, socklen_t length);

  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t length() const { return length_; }
  std::uint16_t port() const;
  /// "127.0.0.1:9000", "[::1]:9000"; "" for a default-constructed one.
  std::string to_string() const;
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

/// Binds and listens: non-blocking, close-on-exec, SO_REUSEADDR. Returns the descriptor, which the
/// caller owns, or the reason why not ("address already in use").
std::variant<int, std::string> open_listener(const Address& address, int backlog = 4096);

/// The address a socket is bound to: after binding port 0, the port that the kernel chose.
Address bound_address(int fd);

}  // namespace finishline::net
