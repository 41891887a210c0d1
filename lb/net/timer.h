// Timers, signals and readable descriptors on a loop. Destroying one ends its calls at once.
#pragma once

#include <functional>
#include <memory>

#include "lb/net/loop.h"

namespace finishline::net {

namespace detail {
struct TimerBlock;
struct PreciseTimerBlock;
struct SignalBlock;
struct ReadableBlock;
template <class Block>
struct CloseBlock {
  void operator()(Block* block) const;
};
template <class Block>
using Owned = std::unique_ptr<Block, CloseBlock<Block>>;
}  // namespace detail

/// Millisecond grain, cheap: one heap entry in the loop. May be destroyed inside its own callback.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> callback);
  /// Calls once after `delay` (rounded up to 1 ms), then every `repeat` if that is above zero.
  void start(Nanos delay, Nanos repeat = 0ns);
  void stop();
  bool active() const;

 private:
  detail::Owned<detail::TimerBlock> block_;
};

/// Nanosecond grain by timerfd: one descriptor and one system call per start.
class PreciseTimer {
 public:
  PreciseTimer(Loop& loop, std::function<void()> callback);
  /// Calls once at `when`, at once if that is past; a later start replaces an earlier one.
  void start(Instant when);
  void stop();

 private:
  detail::Owned<detail::PreciseTimerBlock> block_;
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

}  // namespace finishline::net
