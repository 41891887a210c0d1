// Networks in CIDR notation and whether an address lies in one. Pure: no look-ups, no sockets. May be read
// before the fork, as socket.h may.
//
// There is one space of addresses, of 128 bits; IPv4 lies in it at ::ffff:0:0/96 (RFC 4291), however a client
// came and however a network is written. So
//
//   10.0.0.0/8   and  ::ffff:10.0.0.0/104   are the same network
//   0.0.0.0/0    and  ::ffff:0:0/96         are all of IPv4
//   ::/0                                    is everything, IPv4 included: deny it, and nobody comes
//   2000::/3                                is what of IPv6 there is in the world, and no IPv4
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lb/address/address.h"

namespace finishline::net {

/// The addresses that share its first bits. A value; equal however it was written.
class Network {
 public:
  bool contains(const Address& address) const;
  /// "10.0.0.0/8", "::1/128"; IPv4 as IPv4.
  std::string to_string() const;
  bool operator==(const Network&) const = default;
  /// Whether fewer addresses share its bits than the other's.
  bool narrower_than(const Network& other) const { return prefix_ > other.prefix_; }

 private:
  friend std::variant<Network, std::string> parse_network(std::string_view text);
  static constexpr std::size_t kBytes = 16;

  std::array<std::byte, kBytes> bytes_{};  // in network order, zero behind the prefix
  std::uint8_t prefix_ = 0;                // bits that count, of 128
};

/// An address with or without "/BITS"; without, the one address. The string is the reason why not, fit for a
/// user: bits set behind the prefix are a mistake, too, because one of the two numbers is not meant.
std::variant<Network, std::string> parse_network(std::string_view text);

using Networks = std::vector<Network>;
bool contains(const Networks& networks, const Address& address);

using NetworkWeights = std::vector<std::pair<Network, double>>;
/// Of the narrowest of them that has the address; 1 where none has.
double weight_in(const NetworkWeights& weights, const Address& address);

}  // namespace finishline::net
