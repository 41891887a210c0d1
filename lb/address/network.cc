#include "lb/address/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace finishline::net {
namespace {

constexpr std::size_t kBits = 8;
constexpr std::size_t kAllBits = 128;
constexpr std::size_t kMappedBits = 96;  // before IPv4
constexpr std::array<std::byte, kMappedBits / kBits> kMapped = {
    {{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, std::byte{0xff}, std::byte{0xff}}};

using Bytes = std::array<std::byte, kAllBits / kBits>;

/// The bits of a prefix that fall into byte `index`, as a mask.
std::byte mask_of(std::size_t prefix, std::size_t index) {
  const std::size_t bits =
      std::clamp<std::size_t>(prefix, index * kBits, (index + 1) * kBits) - index * kBits;
  return static_cast<std::byte>(0xff00U >> bits);
}

bool is_mapped(const Bytes& bytes) { return std::equal(kMapped.begin(), kMapped.end(), bytes.begin()); }

/// An address of either family in the one space.
Bytes in_space(std::span<const std::byte> host) {
  Bytes bytes{};
  if (host.size() == bytes.size()) {
    std::copy(host.begin(), host.end(), bytes.begin());
  } else {
    std::copy(host.begin(), host.end(), std::copy(kMapped.begin(), kMapped.end(), bytes.begin()));
  }
  return bytes;
}

struct Written {
  Bytes bytes{};
  std::size_t before = 0;  // bits before those that the prefix counts: of IPv4 written as such
};

std::optional<Written> read_host(const std::string& text) {
  Bytes bytes{};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return Written{bytes, 0};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) != 1) return std::nullopt;
  return Written{in_space(std::span(bytes).first(4)), kMappedBits};
}

std::optional<std::uint8_t> read_prefix(std::string_view text, std::size_t most) {
  std::uint8_t prefix = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), prefix);
  if (error != std::errc{} || end != text.data() + text.size() || prefix > most) return std::nullopt;
  return prefix;
}

}  // namespace

bool Network::contains(const Address& address) const {
  if (!address) return false;
  const Bytes host = in_space(address.host());
  for (std::size_t i = 0; i < kBytes; ++i) {
    if ((host[i] & mask_of(prefix_, i)) != bytes_[i]) return false;
  }
  return true;
}

std::string Network::to_string() const {
  const bool v4 = prefix_ >= kMappedBits && is_mapped(bytes_);
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? bytes_.data() + kMapped.size() : bytes_.data(), text, sizeof text);
  return std::string(text) + '/' + std::to_string(v4 ? prefix_ - kMappedBits : prefix_);
}

std::variant<Network, std::string> parse_network(std::string_view text) {
  const std::string whole(text);
  const auto slash = std::min(text.find('/'), text.size());
  const auto host = read_host(whole.substr(0, slash));
  if (!host) return "'" + whole + "' is no network (as in \"10.0.0.0/8\" or \"::1\")";
  Network network;
  network.bytes_ = host->bytes;
  network.prefix_ = kAllBits;
  if (slash < text.size()) {
    const std::size_t most = kAllBits - host->before;
    const auto prefix = read_prefix(text.substr(slash + 1), most);
    if (!prefix)
      return "'" + whole + "': behind the slash stands a number of bits from 0 to " + std::to_string(most);
    network.prefix_ = static_cast<std::uint8_t>(*prefix + host->before);
  }
  Network cut = network;
  // Who counts the bits of IPv4 behind IPv6's notation means IPv4's.
  if (is_mapped(cut.bytes_) && cut.prefix_ <= kAllBits - kMappedBits) cut.prefix_ += kMappedBits;
  for (std::size_t i = 0; i < cut.kBytes; ++i) cut.bytes_[i] &= mask_of(cut.prefix_, i);
  if (cut == network) return network;
  return "'" + whole + "' has bits behind its prefix; did you mean '" + cut.to_string() + "'?";
}

bool contains(const Networks& networks, const Address& address) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const Network& it) { return it.contains(address); });
}

double weight_in(const NetworkWeights& weights, const Address& address) {
  const std::pair<Network, double>* found = nullptr;
  for (const auto& it : weights)
    if (it.first.contains(address) && (found == nullptr || it.first.narrower_than(found->first))) found = &it;
  return found != nullptr ? found->second : 1;
}

}  // namespace finishline::net
