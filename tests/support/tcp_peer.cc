#include "tests/support/tcp_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <utility>

#include "lb/net/socket.h"

namespace finishline::test {
namespace {

using Clock = std::chrono::steady_clock;

net::Address loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return {reinterpret_cast<const sockaddr*>(&address), sizeof address};
}

/// A connected socket, or -1. receive_bytes 0: the kernel's own choice.
int connected_socket(const net::Address& address, int receive_bytes) {
  const int fd = ::socket(address.data()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_bytes > 0) ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd, address.data(), address.length()) == 0) return fd;
  ::close(fd);
  return -1;
}

TcpPeer peer_or_throw(const net::Address& address, int receive_bytes = 0) {
  const int fd = connected_socket(address, receive_bytes);
  if (fd < 0) throw std::runtime_error("nobody listens on " + address.to_string());
  return TcpPeer(fd);
}

bool poll_one(int fd, short events, Nanos at_most) {
  pollfd entry{fd, events, 0};
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(std::max(at_most, Nanos(0))).count();
  return ::poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(ms, std::numeric_limits<int>::max()))) > 0;
}

}  // namespace

TcpPeer TcpPeer::connect(std::uint16_t port) { return peer_or_throw(loopback(port)); }

TcpPeer TcpPeer::connect_to(std::string_view address) {
  return peer_or_throw(std::get<net::Address>(net::parse_address(address)));
}

TcpPeer TcpPeer::connect_narrow(std::uint16_t port, int receive_bytes) {
  return peer_or_throw(loopback(port), receive_bytes);
}

bool TcpPeer::can_connect(std::uint16_t port) {
  const int fd = connected_socket(loopback(port), 0);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

TcpPeer::~TcpPeer() {
  if (fd_ >= 0) ::close(fd_);
}

TcpPeer::TcpPeer(TcpPeer&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

bool TcpPeer::send(std::string_view bytes, Nanos at_most) {
  const auto end = Clock::now() + at_most;
  while (!bytes.empty()) {
    if (!ready(POLLOUT, end - Clock::now())) return false;
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool TcpPeer::send(std::span<const std::byte> bytes, Nanos at_most) {
  return send(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()), at_most);
}

bool TcpPeer::send_frame(const proto::FrameHeader& header, std::string_view body, Nanos at_most) {
  return send(frame_of(header, body), at_most);
}

std::string TcpPeer::read(std::size_t n, Nanos at_most) {
  const auto end = Clock::now() + at_most;
  std::string bytes;
  char block[65536];
  while (bytes.size() < n && ready(POLLIN, end - Clock::now())) {
    const ssize_t got = ::recv(fd_, block, std::min(sizeof block, n - bytes.size()), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) break;
    if (got > 0) bytes.append(block, static_cast<std::size_t>(got));
  }
  return bytes;
}

std::string TcpPeer::read_all(Nanos at_most) { return read(std::string::npos, at_most); }

std::optional<TcpPeer::Reply> TcpPeer::read_frame(Nanos at_most) {
  const std::string raw = read(proto::kHeaderBytes, at_most);
  if (raw.size() < proto::kHeaderBytes) return std::nullopt;
  Reply reply{proto::decode_header(reinterpret_cast<const std::byte*>(raw.data())), ""};
  reply.body = read(reply.header.body_bytes, at_most);
  if (reply.body.size() < reply.header.body_bytes) return std::nullopt;
  return reply;
}

bool TcpPeer::closed(Nanos at_most) {
  const auto end = Clock::now() + at_most;
  char block[65536];
  while (ready(POLLIN, end - Clock::now())) {
    const ssize_t got = ::recv(fd_, block, sizeof block, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return true;
  }
  return false;
}

bool TcpPeer::silent(Nanos for_long) { return !ready(POLLIN, for_long); }

void TcpPeer::finish() { ::shutdown(fd_, SHUT_WR); }

void TcpPeer::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(std::exchange(fd_, -1));
}

bool TcpPeer::ready(short events, Nanos at_most) { return poll_one(fd_, events, at_most); }

TcpHost::TcpHost(std::uint16_t port) : TcpHost("127.0.0.1:" + std::to_string(port)) {}

TcpHost::TcpHost(const std::string& address) {
  const auto opened = net::open_listener(std::get<net::Address>(net::parse_address(address)));
  if (const auto* why = std::get_if<std::string>(&opened)) throw std::runtime_error("cannot listen: " + *why);
  fd_ = std::get<int>(opened);
  port_ = net::bound_address(fd_).port();
}

TcpHost::~TcpHost() { ::close(fd_); }

TcpPeer TcpHost::accept(Nanos at_most) {
  const int fd = poll_one(fd_, POLLIN, at_most) ? ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC) : -1;
  if (fd < 0) throw std::runtime_error("nobody connected to port " + std::to_string(port_));
  return TcpPeer(fd);
}

}  // namespace finishline::test
