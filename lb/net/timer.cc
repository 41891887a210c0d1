#include "lb/net/timer.h"

#include <sys/timerfd.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>

namespace finishline::net {
namespace detail {

struct TimerBlock {
  uv_timer_t handle;
  std::function<void()> callback;
  void close_descriptor() {}
};

struct PreciseTimerBlock {
  uv_poll_t handle;
  int fd;
  std::function<void()> callback;
  void close_descriptor() { ::close(fd); }
};

struct SignalBlock {
  uv_signal_t handle;
  std::function<void()> callback;
  void close_descriptor() {}
};

struct ReadableBlock {
  uv_poll_t handle;
  std::function<void()> callback;
  void close_descriptor() {}
};

/// Stops the handle now; the block, with a callback that may be running, dies in the close callback.
template <class Block>
void CloseBlock<Block>::operator()(Block* block) const {
  auto* handle = reinterpret_cast<uv_handle_t*>(&block->handle);
  uv_close(handle, [](uv_handle_t* closed) { delete static_cast<Block*>(closed->data); });
  block->close_descriptor();
}

template struct CloseBlock<TimerBlock>;
template struct CloseBlock<PreciseTimerBlock>;
template struct CloseBlock<SignalBlock>;
template struct CloseBlock<ReadableBlock>;

namespace {

template <class Block>
Owned<Block> make(std::function<void()> callback) {
  Owned<Block> block(new Block{});
  block->callback = std::move(callback);
  block->handle.data = block.get();
  return block;
}

template <class Block, class Handle>
void call(Handle* handle) {
  static_cast<Block*>(handle->data)->callback();
}

}  // namespace
}  // namespace detail

Timer::Timer(Loop& loop, std::function<void()> callback)
    : block_(detail::make<detail::TimerBlock>(std::move(callback))) {
  uv_timer_init(loop.raw(), &block_->handle);
}

void Timer::start(Nanos delay, Nanos repeat) {
  const auto ms = [](Nanos span) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(span).count()));
  };
  uv_timer_start(&block_->handle, detail::call<detail::TimerBlock, uv_timer_t>, ms(delay), ms(repeat));
}

void Timer::stop() { uv_timer_stop(&block_->handle); }

bool Timer::active() const { return uv_is_active(reinterpret_cast<const uv_handle_t*>(&block_->handle)) != 0; }

PreciseTimer::PreciseTimer(Loop& loop, std::function<void()> callback)
    : block_(detail::make<detail::PreciseTimerBlock>(std::move(callback))) {
  block_->fd = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  uv_poll_init(loop.raw(), &block_->handle, block_->fd);
  uv_poll_start(&block_->handle, UV_READABLE, [](uv_poll_t* handle, int, int) {
    auto* block = static_cast<detail::PreciseTimerBlock*>(handle->data);
    std::uint64_t expirations = 0;
    if (::read(block->fd, &expirations, sizeof expirations) == sizeof expirations) block->callback();
  });
}

void PreciseTimer::start(Instant when) {
  // All zero would disarm, so an instant in the distant past becomes one nanosecond.
  const auto ns = std::max<std::int64_t>(1, when.time_since_epoch().count());
  itimerspec spec{};
  spec.it_value.tv_sec = ns / 1'000'000'000;
  spec.it_value.tv_nsec = ns % 1'000'000'000;
  ::timerfd_settime(block_->fd, TFD_TIMER_ABSTIME, &spec, nullptr);
}

void PreciseTimer::stop() {
  const itimerspec off{};
  ::timerfd_settime(block_->fd, 0, &off, nullptr);
}

Signal::Signal(Loop& loop, int number, std::function<void()> callback)
    : block_(detail::make<detail::SignalBlock>(std::move(callback))) {
  uv_signal_init(loop.raw(), &block_->handle);
  uv_signal_start(
      &block_->handle, [](uv_signal_t* handle, int) { detail::call<detail::SignalBlock>(handle); }, number);
}

Readable::Readable(Loop& loop, int fd, std::function<void()> callback)
    : block_(detail::make<detail::ReadableBlock>(std::move(callback))) {
  uv_poll_init(loop.raw(), &block_->handle, fd);
  uv_poll_start(&block_->handle, UV_READABLE | UV_DISCONNECT,
                [](uv_poll_t* handle, int, int) { detail::call<detail::ReadableBlock>(handle); });
}

}  // namespace finishline::net
