// Inside of net/: the timers of one loop, all on one timerfd. With libuv's own every wait of the loop has an
// end, for which the kernel sets a timer and takes it back: a tenth of the CPU of a request that comes alone.
#pragma once

#include <uv.h>

#include <functional>
#include <map>
#include <memory>

#include "proto/units.h"

namespace finishline::net {

struct TimerBlock;

class TimerQueue {
 public:
  using Entries = std::multimap<Instant, TimerBlock*>;

  TimerQueue() = default;
  ~TimerQueue();
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  /// To be called once, before anything else: 0 or a negative code of libuv's.
  int open(uv_loop_t* loop);
  /// To be called once, before the loop is closed; takes effect when the loop next runs.
  void close();

  /// Puts the timer where it belongs; it is not in the queue.
  void add(TimerBlock& timer, Instant when);
  void remove(TimerBlock& timer);
  /// Its owner is gone: no more calls. If that happens inside of its call, it lives until that returns.
  void retire(std::unique_ptr<TimerBlock> timer);

  std::size_t owners = 0;  // timers that exist, active or not

 private:
  void ring();
  void set_alarm(Instant at);

  int fd_ = -1;
  uv_poll_t handle_{};
  Entries entries_;
  TimerBlock* ringing_ = nullptr;       // its call is under way
  std::unique_ptr<TimerBlock> orphan_;  // the same, without an owner
  Instant alarm_ = Instant::max();      // when the timerfd rings
  Instant rung_at_{};                   // what was due then has been called
};

struct TimerBlock {
  TimerQueue* queue;
  std::function<void()> callback;
  Nanos repeat{};  // 0: once
  bool active = false;
  TimerQueue::Entries::iterator place{};  // while active
};

}  // namespace finishline::net
