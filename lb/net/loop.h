// The event loop of one process, on libuv. Make it after the fork, never before.
//
// One turn: wait for events -> callbacks (bytes in, timers) -> turn-end hook -> flush of all that was
// written during the turn, one system call per stream -> wait again. A stream that expects more to be
// written at once may be held back over turns that bring bytes in, see TcpStream::expect_more.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "lb/net/buffer_pool.h"
#include "lb/net/busy_poll.h"
#include "proto/units.h"

struct uv_loop_s;

namespace finishline::net {

struct StreamBlock;
class TimerQueue;

class Loop {
 public:
  static constexpr std::size_t kDefaultReadBuffer = 256 * 1024;
  static constexpr std::size_t kSpareBytes = 16U << 20;
  static constexpr Nanos kHold = 200us;  // no stream that expects more is held back for longer

  explicit Loop(std::size_t read_buffer_bytes = kDefaultReadBuffer);
  /// Every Timer, Signal, TcpStream and TcpListener of this loop must be gone; runs the loop until their
  /// close callbacks are through and aborts if a handle is left open, because that is a leak.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Returns after stop(), or when no handle is active.
  void run();
  void stop();

  /// The time of this turn: read from the clock at the first call of a turn, then the same until its end.
  Instant now() { return now_is_fresh_ ? now_ : fresh_now(); }
  /// Reads the clock again; later now() calls of this turn return the new value.
  Instant fresh_now();

  /// Called at the end of each turn, before the flush: the place where the owner's retired objects die. Once,
  /// and twice more at most where the flush has told owners of something.
  void on_turn_end(std::function<void()> hook) { turn_end_ = std::move(hook); }

  /// Written to the streams of this loop and not taken by the kernel yet.
  std::size_t buffered_bytes() const { return buffered_bytes_; }

  /// At most so many bytes are read of any stream at once, and in one turn.
  void limit_reads(std::size_t most) { most_read_ = most; }

  /// After a flush let the processes that it woke have the core before waiting again: where cores are
  /// short, what they send meanwhile makes the next turn one batch; where they are not, nothing waits. Not
  /// while turns write to one stream each: of one request there is no batch.
  void yield_after_flush() { yield_after_flush_ = true; }

  /// Whether it looks for more after bytes came in, instead of sleeping: lower latency of a few busy
  /// connections for a core's time.
  void busy_poll(std::optional<Nanos> window) { busy_poll_ = BusyPoll(window); }

 private:
  friend struct StreamBlock;
  friend class TcpStream;
  friend class TcpListener;
  friend class SplicePipe;
  friend class Timer;
  friend class Signal;
  friend class Readable;
  friend class Writable;

  struct Hooks;  // the libuv handles of the loop itself

  uv_loop_s* raw() { return raw_.get(); }
  std::span<std::byte> read_buffer() { return {read_buffer_.get(), read_buffer_bytes_}; }
  void end_turn();
  void go_on_decrypting();
  void end_again();
  /// True: it has told an owner of something.
  bool flush();
  bool may_hold();
  void look_again(bool yes);

  std::unique_ptr<uv_loop_s> raw_;
  std::unique_ptr<Hooks> hooks_;
  std::unique_ptr<TimerQueue> timers_;
  std::unique_ptr<std::byte[]> read_buffer_;
  std::size_t read_buffer_bytes_;
  Instant now_{};
  bool now_is_fresh_ = false;
  bool yield_after_flush_ = false;
  std::size_t most_read_ = ~std::size_t{0};
  std::size_t written_before_ = 0;  // streams that the turn before wrote to
  std::size_t reads_ = 0;           // of this turn, on all streams
  bool looking_again_ = false;
  bool told_ = false;                  // an owner, since the flush began
  std::optional<Instant> held_since_;  // the first of the turns that held streams back
  BusyPoll busy_poll_{0ns};
  std::function<void()> turn_end_;
  std::vector<StreamBlock*> encrypted_;  // streams with bytes that are to be decrypted at the end of the turn
  std::unique_ptr<std::byte[]> plain_;   // what has been decrypted; once a stream speaks TLS
  std::size_t handshakes_ = 0;           // that were worked on in this turn
  std::vector<StreamBlock*> dirty_;      // streams with unsent bytes of this turn; a dropped one is nulled
  BufferPool spare_{kSpareBytes};        // what has been sent leaves its buffer here
  std::size_t buffered_bytes_ = 0;
};

}  // namespace finishline::net
