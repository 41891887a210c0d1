#include "lb/net/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace finishline::net {
namespace {

std::string reason() { return std::strerror(errno); }

/// Closes `fd` without losing the errno that made us give it up.
std::string give_up(int fd) {
  const int error = errno;
  ::close(fd);
  errno = error;
  return reason();
}

}  // namespace

std::variant<int, std::string> bind_listener(const Address& address, const BindOptions& binding) {
  if (address.is_unix()) return bind_unix(address, binding.file);
  const int fd = ::socket(address.data()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return reason();
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // accepted sockets inherit it
  // Said in any case: what the system does by itself (net.ipv6.bindv6only) is not what the file says.
  const int v6only = binding.v6only ? 1 : 0;
  if (!address.is_ipv4()) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only);
  if (binding.freebind) ::setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof on);  // of both families
  if (::bind(fd, address.data(), address.length()) != 0) return give_up(fd);
  return fd;
}

std::variant<int, std::string> open_listener(const Address& address, const BindOptions& binding,
                                             int backlog) {
  auto bound = bind_listener(address, binding);
  if (const int* fd = std::get_if<int>(&bound); fd != nullptr && ::listen(*fd, backlog) != 0)
    return give_up(*fd);
  return bound;
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

void set_tcp_timeouts(int fd, const TcpTimeouts& tcp_timeouts) {
  const auto set = [fd](int level, int name, std::int64_t value) {
    const int it = static_cast<int>(std::clamp<std::int64_t>(value, 0, INT_MAX));
    ::setsockopt(fd, level, name, &it, sizeof it);
  };
  constexpr int kProbes = 3;
  const auto idle_s = std::chrono::ceil<std::chrono::seconds>(tcp_timeouts.keepalive).count();
  set(SOL_SOCKET, SO_KEEPALIVE, idle_s > 0 ? 1 : 0);
  if (idle_s > 0) {
    set(IPPROTO_TCP, TCP_KEEPIDLE, idle_s);
    set(IPPROTO_TCP, TCP_KEEPINTVL, (idle_s + kProbes - 1) / kProbes);
    set(IPPROTO_TCP, TCP_KEEPCNT, kProbes);
  }
  set(IPPROTO_TCP, TCP_USER_TIMEOUT,
      std::chrono::ceil<std::chrono::milliseconds>(tcp_timeouts.user_timeout).count());
}

void limit_unsent(int fd, std::size_t bytes) {
  const int most = static_cast<int>(std::min<std::size_t>(bytes, INT_MAX));
  ::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most, sizeof most);
}

bool is_v6only(int fd) {
  int v6only = 0;
  socklen_t length = sizeof v6only;
  return ::getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, &length) == 0 && v6only != 0;
}

Address bound_address(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return {reinterpret_cast<const sockaddr*>(&storage), length};
}

Address peer_address(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return {reinterpret_cast<const sockaddr*>(&storage), length};
}

}  // namespace finishline::net
