// Timers, signals, and descriptors that are watched, on a loop. Destroying one ends its calls at once.
#pragma once

#include <functional>
#include <memory>

#include "lb/net/loop.h"

namespace finishline::net {

struct TimerBlock;

namespace detail {
struct SignalBlock;
struct ReadableBlock;
struct WritableBlock;
template <class Block>
struct CloseBlock {
  void operator()(Block* block) const;
};
template <class Block>
using Owned = std::unique_ptr<Block, CloseBlock<Block>>;
}  // namespace detail

/// Nanosecond grain; an entry in the loop's queue, and a system call where it comes before all others there.
/// May be destroyed inside its own callback. A later start replaces an earlier one.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> callback);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Calls once after `delay`, then every `repeat` if that is above zero.
  void start(Nanos delay, Nanos repeat = 0ns);
  /// Calls once at `when`; if that is past, in the next turn.
  void start_at(Instant when);
  void stop();
  bool active() const;

 private:
  std::unique_ptr<TimerBlock> block_;
};

/// Hears one signal number while it lives.
class Signal {
 public:
  Signal(Loop& loop, int number, std::function<void()> callback);

 private:
  detail::Owned<detail::SignalBlock> block_;
};

/// Calls while `fd` (borrowed) has bytes or has been closed by the other side.
class Readable {
 public:
  Readable(Loop& loop, int fd, std::function<void()> callback);

 private:
  detail::Owned<detail::ReadableBlock> block_;
};

/// Calls while `fd` (borrowed) takes bytes, or would refuse them because the other side is gone.
class Writable {
 public:
  Writable(Loop& loop, int fd, std::function<void()> callback);

 private:
  detail::Owned<detail::WritableBlock> block_;
};

}  // namespace finishline::net
