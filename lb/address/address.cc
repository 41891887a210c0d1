#include "lb/address/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace finishline::net {
namespace {

constexpr std::size_t kMostName = 253;  // bytes of a name (RFC 1035)
constexpr std::string_view kUnix = "unix:";
constexpr std::size_t kPathAt = offsetof(sockaddr_un, sun_path);
constexpr std::size_t kMostPath = sizeof(sockaddr_un::sun_path) - 1;  // a 0 stands behind it

struct HostPort {
  std::string_view host;
  std::string_view port;
  bool bracketed = false;
};

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

std::optional<HostPort> split_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return std::nullopt;
  const std::string_view host = text.substr(0, colon), port = text.substr(colon + 1);
  if (host.front() == '[' && host.back() == ']' && host.size() > 2)
    return HostPort{host.substr(1, host.size() - 2), port, true};
  if (host.find(':') != std::string_view::npos) return std::nullopt;  // without brackets the port is a guess
  return HostPort{host, port};
}

std::optional<std::uint16_t> read_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

const sockaddr_in6& v6_of(const Address& address) {
  return *reinterpret_cast<const sockaddr_in6*>(address.data());
}

/// The interface that a zone names or numbers; 0: there is none.
std::uint32_t read_zone(const std::string& zone) {
  if (const std::uint32_t index = if_nametoindex(zone.c_str()); index != 0) return index;
  std::uint32_t index = 0;
  const auto [end, error] = std::from_chars(zone.data(), zone.data() + zone.size(), index);
  return error == std::errc{} && end == zone.data() + zone.size() ? index : 0;
}

std::string zone_text(std::uint32_t zone) {
  char name[IF_NAMESIZE] = {};
  return if_indextoname(zone, name) != nullptr ? std::string(name) : std::to_string(zone);
}

bool is_on_a_link(const in6_addr& host) {
  return IN6_IS_ADDR_LINKLOCAL(&host) || IN6_IS_ADDR_MC_LINKLOCAL(&host);
}

bool lacks_zone(const Address& address) {
  return !address.is_ipv4() && v6_of(address).sin6_scope_id == 0 && is_on_a_link(v6_of(address).sin6_addr);
}

/// `kind` is what the text was to be, for the reason why it is not.
std::variant<Address, std::string> read_v6(std::string_view text, const char* kind) {
  const auto percent = std::min(text.find('%'), text.size());
  const std::string host(text.substr(0, percent));
  in6_addr bytes{};
  if (inet_pton(AF_INET6, host.c_str(), &bytes) != 1) return in_quotes(text) + " is no " + kind;
  const Address plain(std::as_bytes(std::span(bytes.s6_addr)), 0);
  const bool needs_zone = is_on_a_link(bytes);
  if (!needs_zone && percent == text.size())
    return plain.host().size() == 4 ? Address(plain.host(), 0) : plain;
  if (!needs_zone) return in_quotes(host) + " is not link-local and has no zone: leave '%' and the rest out";
  if (percent == text.size())
    return in_quotes(host) + " is link-local and needs its link, as in " + in_quotes(host + "%eth0");
  const std::uint32_t zone = read_zone(std::string(text.substr(percent + 1)));
  if (zone == 0) return "there is no network interface " + in_quotes(text.substr(percent + 1));
  sockaddr_in6 scoped = v6_of(plain);
  scoped.sin6_scope_id = zone;
  return Address(reinterpret_cast<const sockaddr*>(&scoped), sizeof scoped);
}

std::optional<Address> read_v4(const std::string& text) {
  in_addr bytes{};
  if (inet_pton(AF_INET, text.c_str(), &bytes) != 1) return std::nullopt;
  return Address(std::as_bytes(std::span(&bytes, 1)), 0);
}

/// What the C library would make of a host that looks like a number; nothing for anything else.
std::optional<Address> oddly_spelled(const std::string& text) {
  in_addr bytes{};
  if (inet_aton(text.c_str(), &bytes) == 0) return std::nullopt;
  return Address(std::as_bytes(std::span(&bytes, 1)), 0);
}

/// No name ends in a number (RFC 3696), but many a misspelt address does.
bool ends_in_number(std::string_view text) {
  const std::string_view last = text.substr(text.rfind('.') + 1);
  return std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_name(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return text.size() <= kMostName && std::all_of(text.begin(), text.end(), fits);
}

std::variant<Endpoint, std::string> endpoint_of(Address address, std::uint16_t port) {
  return Endpoint{.name = {}, .address = address.with_port(port), .port = port};
}

std::variant<Endpoint, std::string> read_path(std::string_view path) {
  if (!path.starts_with('/') || path.ends_with('/'))
    return in_quotes(path) + " is no absolute path of a socket, as in unix:/run/web.sock";
  if (path.size() > kMostPath)
    return in_quotes(path) + " has " + std::to_string(path.size()) +
           " bytes, and the path of a Unix socket has room for " + std::to_string(kMostPath);
  if (path.find('\0') != std::string_view::npos) return std::string("a path has no byte 0");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  const auto length = static_cast<socklen_t>(kPathAt + path.size() + 1);
  return endpoint_of(Address(reinterpret_cast<const sockaddr*>(&address), length), 0);
}

std::variant<Endpoint, std::string> read_bare(const std::string& host, std::uint16_t port) {
  if (host == "*") return endpoint_of(*read_v4("0.0.0.0"), port);
  if (const auto v4 = read_v4(host)) return endpoint_of(*v4, port);
  if (const auto odd = oddly_spelled(host))
    return in_quotes(host) + " is no IPv4 address of four decimal numbers; did you mean " +
           in_quotes(odd->host_text()) + "?";
  if (ends_in_number(host)) return in_quotes(host) + " is no IPv4 address of four numbers from 0 to 255";
  if (!is_name(host)) return in_quotes(host) + " is no host name";
  return Endpoint{.name = host, .address = {}, .port = port};
}

}  // namespace

Address::Address(const sockaddr* address, socklen_t length)
    : length_(std::min<socklen_t>(length, sizeof storage_)) {
  std::memcpy(&storage_, address, length_);
}

Address::Address(std::span<const std::byte> host, std::uint16_t port) {
  if (host.size() == sizeof(in_addr)) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&storage_);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    std::memcpy(&v4->sin_addr, host.data(), host.size());
    length_ = sizeof *v4;
  } else if (host.size() == sizeof(in6_addr)) {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage_);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    std::memcpy(&v6->sin6_addr, host.data(), host.size());
    length_ = sizeof *v6;
  }
}

std::uint16_t Address::port() const {
  if (storage_.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port);
  if (storage_.ss_family == AF_INET6) return ntohs(v6_of(*this).sin6_port);
  return 0;
}

Address Address::with_port(std::uint16_t port) const {
  Address other = *this;
  if (storage_.ss_family == AF_INET) reinterpret_cast<sockaddr_in*>(&other.storage_)->sin_port = htons(port);
  if (storage_.ss_family == AF_INET6)
    reinterpret_cast<sockaddr_in6*>(&other.storage_)->sin6_port = htons(port);
  return other;
}

std::string Address::host_text() const {
  char host[INET6_ADDRSTRLEN] = {};
  if (storage_.ss_family == AF_INET)
    return inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr, host, sizeof host);
  if (storage_.ss_family != AF_INET6) return "";
  const sockaddr_in6& v6 = v6_of(*this);
  inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof host);
  return v6.sin6_scope_id == 0 ? std::string(host) : std::string(host) + '%' + zone_text(v6.sin6_scope_id);
}

std::string Address::path() const {
  if (!is_unix() || length_ <= kPathAt) return "";
  const char* const path = reinterpret_cast<const sockaddr_un*>(&storage_)->sun_path;
  return {path, ::strnlen(path, length_ - kPathAt)};
}

std::string Address::to_string() const {
  if (length_ == 0) return "";
  if (is_unix()) return std::string(kUnix) + path();
  return (is_ipv4() ? host_text() : '[' + host_text() + ']') + ':' + std::to_string(port());
}

std::span<const std::byte> Address::host() const {
  if (storage_.ss_family == AF_INET)
    return std::as_bytes(std::span(&reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr, 1));
  if (storage_.ss_family != AF_INET6) return {};
  const in6_addr& host = v6_of(*this).sin6_addr;
  const auto bytes = std::as_bytes(std::span(host.s6_addr));
  return IN6_IS_ADDR_V4MAPPED(&host) ? bytes.last(4) : bytes;
}

std::uint64_t Address::host_hash() const {
  // FNV-1a, 64 bit (Fowler, Noll, Vo; draft-eastlake-fnv).
  std::uint64_t h = 0xcbf29ce484222325ULL;
  for (const std::byte byte : host()) h = (h ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3ULL;
  return h;
}

bool Address::is_any() const {
  const auto bytes = host();
  return !bytes.empty() &&
         std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

bool Address::is_loopback() const {
  const auto bytes = host();
  if (bytes.size() == 4) return bytes.front() == std::byte{127};
  return storage_.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6_of(*this).sin6_addr);
}

bool Address::operator==(const Address& other) const {
  return length_ == other.length_ && std::memcmp(&storage_, &other.storage_, length_) == 0;
}

std::variant<Endpoint, std::string> parse_endpoint(std::string_view text) {
  if (text.starts_with(kUnix)) return read_path(text.substr(kUnix.size()));
  const auto parts = split_host_port(text);
  if (!parts) return in_quotes(text) + " is no HOST:PORT (IPv6 as [HOST]:PORT)";
  const auto port = read_port(parts->port);
  if (!port) return in_quotes(parts->port) + " is no port (0 to 65535)";
  if (!parts->bracketed) return read_bare(std::string(parts->host), *port);
  auto v6 = read_v6(parts->host, "IPv6 address");
  if (auto* why = std::get_if<std::string>(&v6)) return std::move(*why);
  return endpoint_of(std::get<Address>(v6), *port);
}

std::variant<std::vector<Address>, std::string> look_up(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(name.c_str(), nullptr, &hints, &found); error != 0)
    return "cannot resolve " + in_quotes(name) + ": " + gai_strerror(error);
  std::vector<Address> all;
  for (const addrinfo* it = found; it != nullptr; it = it->ai_next) {
    const Address address(it->ai_addr, it->ai_addrlen);
    if (lacks_zone(address)) continue;  // from a name server, which knows no links
    if (std::find(all.begin(), all.end(), address) == all.end()) all.push_back(address);
  }
  freeaddrinfo(found);
  if (all.empty())
    return "cannot resolve " + in_quotes(name) + ": its addresses are link-local and tell no link";
  return all;
}

std::variant<Address, std::string> parse_address(std::string_view text) {
  auto read = parse_endpoint(text);
  if (auto* why = std::get_if<std::string>(&read)) return std::move(*why);
  const auto& endpoint = std::get<Endpoint>(read);
  if (endpoint.name.empty()) return endpoint.address;
  auto found = look_up(endpoint.name);
  if (auto* why = std::get_if<std::string>(&found)) return std::move(*why);
  return std::get<std::vector<Address>>(found).front().with_port(endpoint.port);
}

std::variant<Address, std::string> parse_host(std::string_view text) {
  if (const auto v4 = read_v4(std::string(text))) return *v4;
  return read_v6(text, "IP address");
}

}  // namespace finishline::net
