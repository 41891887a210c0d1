#include "lb/net/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <cstring>
#include <optional>

namespace finishline::net {
namespace {

struct HostPort {
  std::string host;
  std::string port;
};

std::optional<HostPort> split_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.front() == '[' && host.back() == ']' && host.size() > 2) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;  // an IPv6 address needs its brackets, else the port is a guess
  }
  return HostPort{std::string(host), std::string(text.substr(colon + 1))};
}

bool is_port(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value <= 65535;
}

std::string reason() { return std::strerror(errno); }

/// Closes `fd` without losing the errno that made us give it up.
std::string give_up(int fd) {
  std::string why = reason();
  ::close(fd);
  return why;
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
  if (storage_.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_port);
  return 0;
}

std::string Address::to_string() const {
  char host[INET6_ADDRSTRLEN] = {};
  if (storage_.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr, host, sizeof host);
    return std::string(host) + ":" + std::to_string(port());
  }
  if (storage_.ss_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_addr, host, sizeof host);
    return "[" + std::string(host) + "]:" + std::to_string(port());
  }
  return "";
}

std::span<const std::byte> Address::host() const {
  if (storage_.ss_family == AF_INET)
    return std::as_bytes(std::span(&reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr, 1));
  if (storage_.ss_family != AF_INET6) return {};
  const in6_addr& host = reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_addr;
  const auto bytes = std::as_bytes(std::span(host.s6_addr));
  return IN6_IS_ADDR_V4MAPPED(&host) ? bytes.last(4) : bytes;
}

std::uint64_t Address::host_hash() const {
  // FNV-1a, 64 bit (Fowler, Noll, Vo; draft-eastlake-fnv).
  std::uint64_t h = 0xcbf29ce484222325ULL;
  for (const std::byte byte : host()) h = (h ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3ULL;
  return h;
}

bool Address::operator==(const Address& other) const {
  return length_ == other.length_ && std::memcmp(&storage_, &other.storage_, length_) == 0;
}

std::variant<Address, std::string> parse_address(std::string_view text) {
  const auto parts = split_host_port(text);
  if (!parts) return "'" + std::string(text) + "' is no HOST:PORT (IPv6 as [HOST]:PORT)";
  if (!is_port(parts->port)) return "'" + parts->port + "' is no port (0 to 65535)";

  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(parts->host.c_str(), parts->port.c_str(), &hints, &found); error != 0) {
    return "cannot resolve '" + parts->host + "': " + gai_strerror(error);
  }
  Address address(found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  return address;
}

std::variant<Address, std::string> parse_host(std::string_view text) {
  const std::string host(text);
  std::array<std::byte, sizeof(in6_addr)> bytes;
  if (inet_pton(AF_INET, host.c_str(), bytes.data()) == 1) return Address(std::span(bytes).first(sizeof(in_addr)), 0);
  if (inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1) return Address(bytes, 0);
  return "'" + host + "' is no IP address";
}

std::variant<int, std::string> open_listener(const Address& address, int backlog) {
  const int fd = ::socket(address.data()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return reason();
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // accepted sockets inherit it
  if (::bind(fd, address.data(), address.length()) != 0) return give_up(fd);
  if (::listen(fd, backlog) != 0) return give_up(fd);
  return fd;
}

int open_outgoing(const Address& source) {
  const int fd = ::socket(source.data()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (::bind(fd, source.data(), source.length()) == 0) return fd;
  const int error = errno;
  ::close(fd);
  return -error;
}

void set_liveness(int fd, const Liveness& liveness) {
  const auto set = [fd](int level, int name, std::int64_t value) {
    const int it = static_cast<int>(std::clamp<std::int64_t>(value, 0, INT_MAX));
    ::setsockopt(fd, level, name, &it, sizeof it);
  };
  constexpr int kProbes = 3;
  const auto idle_s = std::chrono::ceil<std::chrono::seconds>(liveness.keepalive).count();
  set(SOL_SOCKET, SO_KEEPALIVE, idle_s > 0 ? 1 : 0);
  if (idle_s > 0) {
    set(IPPROTO_TCP, TCP_KEEPIDLE, idle_s);
    set(IPPROTO_TCP, TCP_KEEPINTVL, (idle_s + kProbes - 1) / kProbes);
    set(IPPROTO_TCP, TCP_KEEPCNT, kProbes);
  }
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, std::chrono::ceil<std::chrono::milliseconds>(liveness.user_timeout).count());
}

void limit_unsent(int fd, std::size_t bytes) {
  const int most = static_cast<int>(std::min<std::size_t>(bytes, INT_MAX));
  ::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most, sizeof most);
}

Address bound_address(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return {reinterpret_cast<const sockaddr*>(&storage), length};
}

}  // namespace finishline::net
