#include "lb/net/timer.h"

#include <uv.h>

#include <utility>

#include "lb/net/timer_queue.h"

namespace finishline::net {
namespace detail {

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

struct WritableBlock {
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

template struct CloseBlock<SignalBlock>;
template struct CloseBlock<ReadableBlock>;
template struct CloseBlock<WritableBlock>;

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
    : block_(std::make_unique<TimerBlock>(TimerBlock{loop.timers_.get(), std::move(callback)})) {
  ++block_->queue->owners;
}

Timer::~Timer() { block_->queue->retire(std::move(block_)); }

void Timer::start(Nanos delay, Nanos repeat) {
  start_at(std::chrono::steady_clock::now() + delay);
  block_->repeat = repeat;
}

void Timer::start_at(Instant when) {
  stop();
  block_->repeat = 0ns;
  block_->queue->add(*block_, when);
}

void Timer::stop() { block_->queue->remove(*block_); }

bool Timer::active() const { return block_->active; }

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

Writable::Writable(Loop& loop, int fd, std::function<void()> callback)
    : block_(detail::make<detail::WritableBlock>(std::move(callback))) {
  uv_poll_init(loop.raw(), &block_->handle, fd);
  uv_poll_start(&block_->handle, UV_WRITABLE,
                [](uv_poll_t* handle, int, int) { detail::call<detail::WritableBlock>(handle); });
}

}  // namespace finishline::net
