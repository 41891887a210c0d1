#include "lb/net/timer_queue.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace finishline::net {

int TimerQueue::open(uv_loop_t* loop) {
  fd_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (fd_ < 0) return uv_translate_sys_error(errno);
  if (const int code = uv_poll_init(loop, &handle_, fd_); code != 0) return code;
  handle_.data = this;
  uv_unref(reinterpret_cast<uv_handle_t*>(&handle_));
  return uv_poll_start(&handle_, UV_READABLE,
                       [](uv_poll_t* handle, int, int) { static_cast<TimerQueue*>(handle->data)->ring(); });
}

TimerQueue::~TimerQueue() { ::close(fd_); }

void TimerQueue::close() { uv_close(reinterpret_cast<uv_handle_t*>(&handle_), nullptr); }

// Only what comes before all others moves the alarm; when the first one leaves, it rings for nobody. What was
// due before the last ring has its turn in the next: a timer that starts itself anew must not keep the loop.
void TimerQueue::add(TimerBlock& timer, Instant when) {
  if (entries_.empty()) uv_ref(reinterpret_cast<uv_handle_t*>(&handle_));
  when = std::max(when, rung_at_ + 1ns);
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

void TimerQueue::ring() {
  rung_at_ = std::chrono::steady_clock::now();
  while (!entries_.empty() && entries_.begin()->first <= rung_at_) {
    ringing_ = entries_.begin()->second;
    remove(*ringing_);
    if (ringing_->repeat > 0ns) add(*ringing_, rung_at_ + ringing_->repeat);
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
    const std::int64_t ns = at.time_since_epoch().count();
    spec.it_value.tv_sec = ns / 1'000'000'000;
    spec.it_value.tv_nsec = ns % 1'000'000'000;
  }
  ::timerfd_settime(fd_, TFD_TIMER_ABSTIME, &spec, nullptr);
}

}  // namespace finishline::net
