// The other end of a connection as a test plays it: a blocking socket, one call per line of the script.
// Every wait ends after ten seconds, as if nothing more had come.
#pragma once

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lb/net/socket.h"
#include "tests/support/frames.h"

namespace finishline::test {

/// One answer frame as it came.
struct Received {
  proto::FrameHeader header;
  std::string body;
  proto::Status status() const { return static_cast<proto::Status>(header.detail); }
};

class Peer {
 public:
  explicit Peer(const net::Address& address)
      : fd_(::socket(address.data()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{.tv_sec = 60, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    connected_ = ::connect(fd_, address.data(), address.length()) == 0;
  }
  ~Peer() { close(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  bool connected() const { return connected_; }

  /// False when the other side is gone.
  bool send(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return true;
  }
  bool send(std::string_view text) { return send(std::as_bytes(std::span(text))); }

  /// Up to `n` bytes; fewer only when no more came.
  std::string receive(std::size_t n) {
    std::string text(n, '\0');
    std::size_t got = 0;
    while (got < n) {
      const ssize_t count = ::recv(fd_, text.data() + got, n - got, 0);
      if (count <= 0) break;
      got += static_cast<std::size_t>(count);
    }
    text.resize(got);
    return text;
  }
  std::optional<Received> receive_frame() {
    const std::string head = receive(proto::kHeaderBytes);
    if (head.size() < proto::kHeaderBytes) return std::nullopt;
    const auto header = proto::decode_header(reinterpret_cast<const std::byte*>(head.data()));
    return Received{header, receive(header.body_bytes)};
  }
  /// What is left until the other side closes, orderly or by reset; nothing when it did not close.
  std::optional<std::string> receive_rest() {
    std::string text;
    char part[4096];
    for (;;) {
      const ssize_t count = ::recv(fd_, part, sizeof part, 0);
      if (count > 0) text.append(part, static_cast<std::size_t>(count));
      if (count == 0 || (count < 0 && errno == ECONNRESET)) return text;
      if (count < 0) return std::nullopt;
    }
  }

  void half_close() { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
  bool connected_ = false;
};

}  // namespace finishline::test
