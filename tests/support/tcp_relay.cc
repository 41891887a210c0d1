#include "tests/support/tcp_relay.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace finishline::test {
namespace {

constexpr auto kTurn = std::chrono::milliseconds(1);

/// To 127.0.0.1, or -1.
int connection_to(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

}  // namespace

void TcpRelay::run() {
  while (!ends_) {
    accept_all();
    const auto now = Clock::now();
    for (auto pair = pairs_.begin(); pair != pairs_.end();) {
      const bool lives = hangs_ || (move(pair->there, now) && move(pair->back, now));
      if (lives) {
        ++pair;
        continue;
      }
      for (const int fd : {pair->there.from, pair->there.to}) ::close(fd);
      pair = pairs_.erase(pair);
    }
    std::this_thread::sleep_for(kTurn);
  }
  for (const Pair& pair : pairs_)
    for (const int fd : {pair.there.from, pair.there.to}) ::close(fd);
}

void TcpRelay::accept_all() {
  for (pollfd comes{host_.descriptor(), POLLIN, 0}; ::poll(&comes, 1, 0) == 1;) {
    const int from = ::accept4(host_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC);
    if (from < 0) return;
    const int to = connection_to(to_);
    if (to < 0) {
      ::close(from);
      continue;
    }
    pairs_.push_back({{from, to}, {to, from}});
  }
}

void TcpRelay::take(Way& way, Clock::time_point now) {
  std::array<char, 16384> bytes;
  const ssize_t n = ::recv(way.from, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (n > 0) way.chunks.push_back({now, {bytes.data(), static_cast<std::size_t>(n)}});
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) way.ended = true;
}

bool TcpRelay::move(Way& way, Clock::time_point now) const {
  if (!way.ended) take(way, now);
  std::size_t room = narrow_ == 0 ? SIZE_MAX : narrow_.load();
  while (!way.chunks.empty() && room > 0 && now - way.chunks.front().came_at >= Nanos(delay_)) {
    std::string& bytes = way.chunks.front().bytes;
    const ssize_t n = ::send(way.to, bytes.data(), std::min(bytes.size(), room), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN;
    room -= static_cast<std::size_t>(n);
    bytes.erase(0, static_cast<std::size_t>(n));
    if (bytes.empty()) way.chunks.pop_front();
  }
  return !way.ended || !way.chunks.empty();
}

}  // namespace finishline::test
