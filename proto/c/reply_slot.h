// A finishline_reply with an owner, on its way to who asked. Any thread.
#pragma once

#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <utility>

#include "proto/c/finishline.h"

namespace finishline::clib {

class ReplySlot {
 public:
  ReplySlot() = default;
  ~ReplySlot() { std::free(reply_.body); }
  ReplySlot(ReplySlot&& other) noexcept : reply_(other.take()) {}
  ReplySlot& operator=(ReplySlot&& other) noexcept {
    std::swap(reply_, other.reply_);
    return *this;
  }

  finishline_reply& operator*() { return reply_; }
  finishline_reply* operator->() { return &reply_; }
  /// A copy of it, with a 0 behind. Throws std::bad_alloc.
  void set_body(std::span<const std::byte> body) {
    if (body.empty()) return;
    auto* const copy = static_cast<char*>(std::malloc(body.size() + 1));
    if (copy == nullptr) throw std::bad_alloc();
    std::memcpy(copy, body.data(), body.size());
    copy[body.size()] = 0;
    std::free(std::exchange(reply_.body, copy));
    reply_.body_bytes = body.size();
  }
  /// To somebody who frees the body with finishline_reply_clear().
  finishline_reply take() { return std::exchange(reply_, finishline_reply{}); }

 private:
  finishline_reply reply_{};
};

}  // namespace finishline::clib
