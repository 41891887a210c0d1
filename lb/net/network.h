// Networks in CIDR notation and whether an address lies in one. Pure: no look-ups, no sockets. May be read
// before the fork, as socket.h may.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lb/net/socket.h"

namespace finishline::net {

/// "10.0.0.0/8", "::1": the addresses that share its first bits. A value; compares whole.
class Network {
 public:
  /// IPv4 counts as what it is, also when it comes in IPv6's clothes (::ffff:10.1.2.3).
  bool contains(const Address& address) const;
  /// "10.0.0.0/8", "::1/128".
  std::string to_string() const;
  bool operator==(const Network&) const = default;

 private:
  friend std::variant<Network, std::string> parse_network(std::string_view text);
  static constexpr std::size_t kMostBytes = 16;

  std::array<std::byte, kMostBytes> bytes_{};  // in network order, zero behind the prefix
  std::uint8_t size_ = 0;                      // 4 or 16 bytes
  std::uint8_t prefix_ = 0;                    // bits that count
};

/// An address with or without "/BITS"; without, the one address. The string is the reason why not, fit for a
/// user: bits set behind the prefix are a mistake, too, because one of the two numbers is not meant.
std::variant<Network, std::string> parse_network(std::string_view text);

using Networks = std::vector<Network>;
bool contains(const Networks& networks, const Address& address);

}  // namespace finishline::net
