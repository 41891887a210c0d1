#include "lb/net/timer_queue.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace finishline::net {

TimerQueue::TimerQueue(uv_loop_t* loop) : fd_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  uv_poll_init(loop, &handle_, fd_);
  handle_.data = this;
  uv_poll_start(&handle_, UV_READABLE,
                [](uv_poll_t* handle, int, int) { static_cast<TimerQueue*>(handle->data)->ring(); });
  uv_unref(reinterpret_cast<uv_handle_t*>(&handle_));
}

TimerQueue::~TimerQueue() { ::close(fd_); }

void TimerQueue::close() { uv_close(reinterpret_cast<uv_handle_t*>(&handle_), nullptr); }

// Only what comes before all others moves the alarm. When the first one leaves, it rings for nobody.
void TimerQueue::add(TimerBlock& timer, Instant when) {
  if (entries_.empty()) uv_ref(reinterpret_cast<uv_handle_t*>(&handle_));
  timer.place = entries_.emplace(when, &timer);
  timer.active = true;
  if (when < alarm_) set_alarm(when);
}

void TimerQueue::remove(TimerBlock& timer) {
  if (!std::exchange(timer.active, false)) return;
  entries_.erase(timer.place);
  if (entries_.empty()) uv_unref(reinterpret_cast<uv_handle_t*>(&handle_));
}

void TimerQueue::retire(std::unique_ptr<TimerBlock> timer) {
  remove(*timer);
  --owners;
  if (timer.get() == ringing_) orphan_ = std::move(timer);
}

/// Those that come to be due meanwhile have their turn in the next one of the loop.
void TimerQueue::ring() {
  const Instant now = std::chrono::steady_clock::now();
  while (!entries_.empty() && entries_.begin()->first <= now) {
    ringing_ = entries_.begin()->second;
    remove(*ringing_);
    if (ringing_->repeat > 0ns) add(*ringing_, now + ringing_->repeat);
    ringing_->callback();
    ringing_ = nullptr;
    orphan_.reset();
  }
  set_alarm(entries_.empty() ? Instant::max() : entries_.begin()->first);
}

/// To set it also takes back that it has rung: timerfd_settime(2).
void TimerQueue::set_alarm(Instant at) {
  alarm_ = at;
  itimerspec spec{};
  if (at != Instant::max()) {
    const auto ns = std::max<std::int64_t>(1, at.time_since_epoch().count());  // all zero would be "never"
    spec.it_value.tv_sec = ns / 1'000'000'000;
    spec.it_value.tv_nsec = ns % 1'000'000'000;
  }
  ::timerfd_settime(fd_, TFD_TIMER_ABSTIME, &spec, nullptr);
}

}  // namespace finishline::net
