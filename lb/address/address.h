// Addresses, and what each spelling of one means. Plain values; nothing here asks a name server but
// look_up().
//
//   127.0.0.1:9000              IPv4
//   [::1]:9000                  IPv6, in brackets, so that no colon is guessed at
//   [::ffff:10.1.2.3]:9000      the same as 10.1.2.3:9000: IPv4 that goes by IPv6's name is IPv4
//   [fe80::1%eth0]:9000         link-local: with its zone, and equal only with the same zone
//   *:9000                      to bind: all IPv4 addresses, as the peers read it
//   [::]:9000                   to bind: all addresses of both families
//   web.example:9000            a name: letters, digits, hyphens, underscores, dots
//   unix:/run/web.sock          a Unix socket by its absolute path, of 107 bytes at most
//
// What the C library takes and people do not mean is refused, with what it would have been: 0, 127.1, 0x7f.1,
// 010.0.0.1 (octal), 2130706433.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace finishline::net {

/// An IPv4 or IPv6 socket address, or the path of a Unix socket, which has neither host nor port. A value.
class Address {
 public:
  Address() = default;
  Address(const sockaddr* address, socklen_t length);
  /// Of `host` in network order, 4 or 16 bytes.
  Address(std::span<const std::byte> host, std::uint16_t port);

  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t length() const { return length_; }
  /// False for a default-constructed one.
  explicit operator bool() const { return length_ != 0; }
  std::uint16_t port() const;
  Address with_port(std::uint16_t port) const;
  /// "127.0.0.1:9000", "[fe80::1%eth0]:9000", "unix:/run/web.sock": what parse_endpoint() reads as this
  /// address again; "" for a default-constructed one.
  std::string to_string() const;
  /// The host alone: "127.0.0.1", "fe80::1%eth0".
  std::string host_text() const;
  /// The host alone in network order: 4 bytes for IPv4, also when it comes as IPv6 (::ffff:10.1.2.3), else
  /// 16; none for a default-constructed one. Borrows from this address.
  std::span<const std::byte> host() const;
  /// The host alone, hashed; equal hosts hash alike whatever their ports.
  std::uint64_t host_hash() const;
  /// All hosts of a family: 0.0.0.0 or ::.
  bool is_any() const;
  bool is_loopback() const;
  bool is_ipv4() const { return data()->sa_family == AF_INET; }
  bool is_unix() const { return data()->sa_family == AF_UNIX; }
  /// Of a Unix socket; "" where it has none, as the client's end of a connection.
  std::string path() const;
  /// Family, host, zone and port.
  bool operator==(const Address& other) const;

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

/// HOST:PORT or unix:PATH as it is written: an address, or a name that has to be looked up.
struct Endpoint {
  std::string name;  // "": it is an address
  Address address;   // of a name: none
  std::uint16_t port = 0;
};

/// What the text means; looks nothing up. The string is the reason why it means nothing, fit for a user.
std::variant<Endpoint, std::string> parse_endpoint(std::string_view text);

/// All addresses of a name, with port 0, each once, in the order in which the system prefers them; or the
/// reason why there are none. Asks name servers, and waits for them as long as the system does.
std::variant<std::vector<Address>, std::string> look_up(const std::string& name);

/// Reads "HOST:PORT", "[HOST]:PORT" or "unix:PATH"; a host name is looked up at once (blocking), and its
/// first address is taken. The string is the reason why not, fit for a user.
std::variant<Address, std::string> parse_address(std::string_view text);

/// Reads "10.0.0.5" or "fd00::5", with port 0. Looks nothing up.
std::variant<Address, std::string> parse_host(std::string_view text);

}  // namespace finishline::net
