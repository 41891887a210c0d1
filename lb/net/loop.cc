#include "lb/net/loop.h"

#include <sched.h>
#include <uv.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "lb/net/stream_block.h"
#include "lb/net/timer_queue.h"

namespace finishline::net {
namespace {

void check(int code, const char* what) {
  if (code == 0) return;
  std::fprintf(stderr, "finishline: %s: %s\n", what, uv_strerror(code));
  std::abort();
}

}  // namespace

struct Loop::Hooks {
  uv_prepare_t prepare;  // runs after all callbacks of a turn, before the wait
  uv_idle_t look_again;  // while it is active the loop does not wait
};

Loop::Loop(std::size_t read_buffer_bytes)
    : raw_(std::make_unique<uv_loop_t>()),
      hooks_(std::make_unique<Hooks>()),
      timers_(std::make_unique<TimerQueue>()),
      read_buffer_(new std::byte[read_buffer_bytes]),
      read_buffer_bytes_(read_buffer_bytes) {
  check(uv_loop_init(raw_.get()), "uv_loop_init");
  raw_->data = this;
  check(uv_prepare_init(raw_.get(), &hooks_->prepare), "uv_prepare_init");
  uv_prepare_start(&hooks_->prepare,
                   [](uv_prepare_t* handle) { static_cast<Loop*>(handle->loop->data)->end_turn(); });
  uv_unref(reinterpret_cast<uv_handle_t*>(&hooks_->prepare));
  uv_idle_init(raw_.get(), &hooks_->look_again);
  check(timers_->open(raw_.get()), "timerfd");
}

Loop::~Loop() {
  turn_end_ = nullptr;
  uv_run(raw_.get(), UV_RUN_DEFAULT);  // streams that were finished say their last words, with their turns
  check(timers_->owners > 0 ? UV_EBUSY : 0, "a timer outlived its loop");
  timers_->close();
  uv_close(reinterpret_cast<uv_handle_t*>(&hooks_->prepare), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&hooks_->look_again), nullptr);
  uv_run(raw_.get(), UV_RUN_DEFAULT);
  check(uv_loop_close(raw_.get()), "a handle outlived its loop");
}

void Loop::run() { uv_run(raw_.get(), UV_RUN_DEFAULT); }

void Loop::stop() { uv_stop(raw_.get()); }

Instant Loop::fresh_now() {
  now_is_fresh_ = true;
  return now_ = std::chrono::steady_clock::now();
}

void Loop::end_turn() {
  if (!encrypted_.empty()) [[unlikely]]
    go_on_decrypting();
  handshakes_ = 0;
  if (turn_end_) turn_end_();
  const std::size_t written = dirty_.size();
  if (written > 0 && flush()) [[unlikely]]
    end_again();
  const bool again = !dirty_.empty() || !encrypted_.empty() ||
                     (!busy_poll_.is_off() && busy_poll_.looks_again(reads_, fresh_now()));
  look_again(again);
  const bool busy = written > 0 && written + std::exchange(written_before_, written) > 2;
  if ((busy && yield_after_flush_) || again) ::sched_yield();
  reads_ = 0;
  now_is_fresh_ = false;
}

/// What owners were told by a flush, and did about it, ends with this turn: nothing else may come for long.
void Loop::end_again() {
  bool told = true;
  for (int more = 2; told && more > 0; --more) {
    if (turn_end_) turn_end_();
    told = !dirty_.empty() && flush();
  }
}

void Loop::go_on_decrypting() {
  for (StreamBlock* block : std::exchange(encrypted_, {}))
    if (block != nullptr) block->go_on_decrypting();
}

bool Loop::flush() {
  told_ = false;
  const bool hold = may_hold();
  std::size_t held = 0;
  // By index: a flush that fails tells the owner, who may write to other streams meanwhile.
  for (std::size_t i = 0; i < dirty_.size(); ++i) {
    StreamBlock* block = dirty_[i];
    if (block == nullptr) continue;
    if (hold && block->more_expected) {
      block->dirty_index = held;
      dirty_[held++] = block;
    } else {
      block->flush();
    }
  }
  dirty_.resize(held);
  if (held == 0) held_since_.reset();
  return told_;
}

/// A turn that brought nothing in, or a hold that has lasted, ends all holding.
bool Loop::may_hold() {
  if (reads_ == 0) return false;
  const Instant at = fresh_now();
  if (!held_since_) held_since_ = at;
  return at - *held_since_ < kHold;
}

void Loop::look_again(bool yes) {
  if (yes == looking_again_) return;
  looking_again_ = yes;
  if (yes) {
    uv_idle_start(&hooks_->look_again, [](uv_idle_t*) {});
  } else {
    uv_idle_stop(&hooks_->look_again);
  }
}

}  // namespace finishline::net
