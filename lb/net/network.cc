#include "lb/net/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace finishline::net {
namespace {

constexpr std::size_t kBits = 8;

/// The bits of a prefix that fall into byte `index`, as a mask.
std::byte mask_of(std::size_t prefix, std::size_t index) {
  const std::size_t bits = std::clamp<std::size_t>(prefix, index * kBits, (index + 1) * kBits) - index * kBits;
  return static_cast<std::byte>(0xff00U >> bits);
}

/// 4 or 16 bytes written, or 0 when the text is no address.
std::uint8_t read_host(const std::string& text, void* bytes) {
  if (inet_pton(AF_INET, text.c_str(), bytes) == 1) return 4;
  return inet_pton(AF_INET6, text.c_str(), bytes) == 1 ? 16 : 0;
}

std::optional<std::uint8_t> read_prefix(std::string_view text, std::size_t most) {
  std::uint8_t prefix = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), prefix);
  if (error != std::errc{} || end != text.data() + text.size() || prefix > most) return std::nullopt;
  return prefix;
}

}  // namespace

bool Network::contains(const Address& address) const {
  const auto host = address.host();
  if (host.size() != size_) return false;
  for (std::size_t i = 0; i < size_; ++i) {
    if ((host[i] & mask_of(prefix_, i)) != bytes_[i]) return false;
  }
  return true;
}

std::string Network::to_string() const {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(size_ == 4 ? AF_INET : AF_INET6, bytes_.data(), text, sizeof text);
  return std::string(text) + '/' + std::to_string(prefix_);
}

std::variant<Network, std::string> parse_network(std::string_view text) {
  const std::string whole(text);
  const auto slash = std::min(text.find('/'), text.size());
  Network network;
  network.size_ = read_host(whole.substr(0, slash), network.bytes_.data());
  if (network.size_ == 0) return "'" + whole + "' is no network (as in \"10.0.0.0/8\" or \"::1\")";

  const std::size_t most = network.size_ * kBits;
  network.prefix_ = static_cast<std::uint8_t>(most);
  if (slash < text.size()) {
    const auto prefix = read_prefix(text.substr(slash + 1), most);
    if (!prefix) return "'" + whole + "': behind the slash stands a number of bits from 0 to " + std::to_string(most);
    network.prefix_ = *prefix;
  }
  Network cut = network;
  for (std::size_t i = 0; i < cut.size_; ++i) cut.bytes_[i] &= mask_of(cut.prefix_, i);
  if (cut == network) return network;
  return "'" + whole + "' has bits behind its prefix; did you mean '" + cut.to_string() + "'?";
}

bool contains(const Networks& networks, const Address& address) {
  return std::any_of(networks.begin(), networks.end(), [&](const Network& it) { return it.contains(address); });
}

}  // namespace finishline::net
