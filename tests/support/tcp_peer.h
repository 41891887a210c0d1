// The other end of a connection, played by a test line by line: blocking, with the one patience of all tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proto/frame.h"
#include "tests/support/frames.h"
#include "tests/support/wait_until.h"

namespace finishline::test {

class TcpPeer {
 public:
  /// To 127.0.0.1. Throws when nobody listens: a test checks that by can_connect().
  static TcpPeer connect(std::uint16_t port);
  /// To anywhere: "10.255.7.1:9000".
  static TcpPeer connect_to(std::string_view address);
  static bool can_connect(std::uint16_t port);
  /// Asks for a small receive buffer, for a peer that will read slowly or not at all.
  static TcpPeer connect_narrow(std::uint16_t port, int receive_bytes);

  explicit TcpPeer(int fd) : fd_(fd) {}
  int descriptor() const { return fd_; }
  ~TcpPeer();
  TcpPeer(TcpPeer&& other) noexcept;
  TcpPeer& operator=(TcpPeer&&) = delete;

  /// True when the kernel took all of it in time.
  bool send(std::string_view bytes, Nanos at_most = patience());
  bool send(std::span<const std::byte> bytes, Nanos at_most = patience());
  bool send_frame(const proto::FrameHeader& header, std::string_view body = {}, Nanos at_most = patience());

  /// Exactly `n` bytes; fewer when the other side ended or fell silent before.
  std::string read(std::size_t n, Nanos at_most = patience());
  /// All until the other side ends.
  std::string read_all(Nanos at_most = patience());

  struct Reply {
    proto::FrameHeader header;
    std::string body;
    proto::Status status() const { return static_cast<proto::Status>(header.detail); }
  };
  /// The next whole frame; nothing when the other side ended or fell silent before.
  std::optional<Reply> read_frame(Nanos at_most = patience());

  /// Whether the other side ends or resets the connection in time; what it sent before is thrown away.
  bool closed(Nanos at_most = patience());
  /// Whether nothing comes, no byte and no end, for that long. Takes its whole time: keep it short.
  bool silent(Nanos for_long);

  /// Half-close: no more bytes from here.
  void finish();
  /// Ends the connection at once with a reset.
  void reset();

 private:
  /// Waits for one of the poll(2) events.
  bool ready(short events, Nanos at_most);

  int fd_;
};

/// A server played by a test.
class TcpHost {
 public:
  /// Listens on 127.0.0.1; 0: a port that the kernel chooses.
  explicit TcpHost(std::uint16_t port = 0);
  /// "unix:/..."
  explicit TcpHost(const std::string& address);
  ~TcpHost();
  TcpHost(const TcpHost&) = delete;
  TcpHost& operator=(const TcpHost&) = delete;

  std::uint16_t port() const { return port_; }
  int descriptor() const { return fd_; }
  /// Throws when nobody comes.
  TcpPeer accept(Nanos at_most = patience());

 private:
  int fd_;
  std::uint16_t port_;
};

}  // namespace finishline::test
