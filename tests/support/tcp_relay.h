// A way to a server on this machine that can be made bad: slow, narrow, or silent with its connections open.
// Runs in a thread of its own. What was on its way when that changes goes on its new way.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <string>
#include <thread>

#include "proto/units.h"
#include "tests/support/tcp_peer.h"

namespace finishline::test {

class TcpRelay {
 public:
  explicit TcpRelay(std::uint16_t to) : to_(to), thread_([this] { run(); }) {}
  ~TcpRelay() {
    ends_ = true;
    thread_.join();
  }
  TcpRelay(const TcpRelay&) = delete;
  TcpRelay& operator=(const TcpRelay&) = delete;

  std::uint16_t port() const { return host_.port(); }
  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port()); }

  /// All bytes come so much later, each way.
  void delay(Nanos by) { delay_ = by.count(); }
  /// So many bytes a millisecond, each way of each connection; 0: as many as come.
  void narrow(std::size_t bytes) { narrow_ = bytes; }
  /// Nothing goes on, and nobody is told; connections can still be made.
  void hang(bool yes = true) { hangs_ = yes; }
  /// Another server from now on, for new connections.
  void lead_to(std::uint16_t port) { to_ = port; }
  /// As it was.
  void mend() {
    delay(0ns);
    narrow(0);
    hang(false);
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Chunk {
    Clock::time_point came_at;
    std::string bytes;
  };
  struct Way {
    int from, to;
    std::deque<Chunk> chunks{};
    bool ended = false;
  };
  struct Pair {
    Way there, back;
  };

  void run();
  void accept_all();
  /// False when it is over.
  bool move(Way& way, Clock::time_point now) const;
  static void take(Way& way, Clock::time_point now);

  TcpHost host_;
  std::atomic<std::uint16_t> to_;
  std::atomic<std::int64_t> delay_ = 0;
  std::atomic<std::size_t> narrow_ = 0;
  std::atomic<bool> hangs_ = false, ends_ = false;
  std::list<Pair> pairs_;
  std::thread thread_;
};

}  // namespace finishline::test
