// A loop and its peers on one stage: the peers are plain sockets that move only when the stage lets them,
// between the turns of the loop, so that one thread plays both sides of every connection.
#pragma once

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "lb/net/loop.h"
#include "lb/net/socket.h"
#include "lb/net/timer.h"
#include "tests/support/frames.h"

namespace finishline::test {

/// A listening socket on a port that the kernel chose.
struct Port {
  int fd = std::get<int>(net::open_listener(std::get<net::Address>(net::parse_address("127.0.0.1:0"))));
  net::Address address = net::bound_address(fd);
  Port() = default;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  ~Port() { ::close(fd); }
};

/// A client, or a server's side of a connection that it accepted.
class StagePeer {
 public:
  /// Takes over a connected socket.
  explicit StagePeer(int fd) : fd_(fd) {}
  /// Connects at once: the kernel completes the handshake, accepted or not.
  explicit StagePeer(const net::Address& address) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    REQUIRE(::connect(fd_, address.data(), address.length()) == 0);
  }
  ~StagePeer() { close(); }
  StagePeer(const StagePeer&) = delete;
  StagePeer& operator=(const StagePeer&) = delete;

  /// Goes out as the kernel takes it, turn by turn.
  void send(std::span<const std::byte> bytes) {
    unsent_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    pump();
  }
  void send(std::string_view text) { send(std::as_bytes(std::span(text))); }
  /// After everything has been sent.
  void half_close() {
    half_close_wanted_ = true;
    pump();
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  /// Whether it takes what comes; the kernel still holds some for it.
  void set_reading(bool reads) { reads_ = reads; }

  void pump() {
    if (fd_ < 0) return;
    push();
    if (reads_) pull();
  }

  /// The other side's address.
  std::string host() const {
    sockaddr_in other{};
    socklen_t length = sizeof other;
    REQUIRE(::getpeername(fd_, reinterpret_cast<sockaddr*>(&other), &length) == 0);
    const std::string text = net::Address(reinterpret_cast<const sockaddr*>(&other), length).to_string();
    return text.substr(0, text.rfind(':'));
  }
  std::size_t unsent() const { return unsent_.size(); }
  const std::string& received() const { return received_; }
  /// The other side has closed, by an orderly end or by a reset.
  bool ended() const { return ended_; }
  /// ... by a reset.
  bool was_reset() const { return was_reset_; }

  /// The whole frames received so far.
  struct Frame {
    proto::FrameHeader header;
    std::string body;
    proto::Status status() const { return static_cast<proto::Status>(header.detail); }
  };
  std::vector<Frame> frames() const {
    std::vector<Frame> all;
    for (std::size_t at = 0; at + proto::kHeaderBytes <= received_.size();) {
      const auto header = proto::decode_header(reinterpret_cast<const std::byte*>(received_.data()) + at);
      const std::size_t end = at + proto::kHeaderBytes + header.body_bytes;
      if (end > received_.size()) break;
      all.push_back({header, received_.substr(at + proto::kHeaderBytes, header.body_bytes)});
      at = end;
    }
    return all;
  }

 private:
  void push() {
    while (!unsent_.empty()) {
      const ssize_t sent = ::send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno != EAGAIN) unsent_.clear();  // the other side is gone: pull() tells
      if (sent <= 0) return;
      unsent_.erase(0, static_cast<std::size_t>(sent));
    }
    if (std::exchange(half_close_wanted_, false)) ::shutdown(fd_, SHUT_WR);
  }
  void pull() {
    char part[65536];
    while (!ended_) {
      const ssize_t got = ::recv(fd_, part, sizeof part, MSG_DONTWAIT);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (got <= 0) {
        ended_ = true;
        was_reset_ = got < 0 && errno == ECONNRESET;
        return;
      }
      received_.append(part, static_cast<std::size_t>(got));
    }
  }

  int fd_;
  std::string unsent_;
  std::string received_;
  bool half_close_wanted_ = false;
  bool reads_ = true;
  bool ended_ = false;
  bool was_reset_ = false;
};

class LoopStage {
 public:
  net::Loop loop;

  /// Turns the loop until `done` holds, which is asked about once a millisecond after all peers have
  /// moved. False when it does not hold after ten seconds: nothing takes that long here.
  template <class Done>
  bool until(const std::vector<StagePeer*>& peers, Done done) {
    const auto given_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    bool met = false;
    net::Timer beat(loop, [&] {
      for (StagePeer* peer : peers) peer->pump();
      met = done();
      if (met || std::chrono::steady_clock::now() > given_up) loop.stop();
    });
    beat.start(0ns, 1ms);
    loop.run();
    return met;
  }
  /// A few turns, in which something that must not happen has its chance.
  void turn(const std::vector<StagePeer*>& peers, int beats = 20) {
    until(peers, [&beats] { return --beats < 0; });
  }
};

}  // namespace finishline::test
