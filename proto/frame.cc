#include "proto/frame.h"

#include <algorithm>
#include <array>

namespace finishline::proto {
namespace {

constexpr std::size_t kVersionAt = 4;

// Above this a used-up store is given back at once instead of waiting for the next unfinished frame.
constexpr std::size_t kRoomy = 64 * 1024;

constexpr std::array<std::string_view, kStatusCount> kStatusNames = {
    "ok",         "bad_frame", "unknown_type", "too_large", "no_server", "server_lost", "deadline_exceeded",
    "overloaded", "draining",  "server_error", "cancelled",
};

}  // namespace

std::string_view name_of(Status status) noexcept {
  const auto number = static_cast<std::size_t>(status);
  return number < kStatusCount ? kStatusNames[number] : "unknown";
}

FrameDecoder::Step FrameDecoder::next(Frame& frame) {
  if (bad_) return Step::bad;
  owed_ = false;
  if (skip_ > 0) {
    auto bytes = kept();
    skip(bytes);
    kept_used_ = kept_.size() - bytes.size();
    skip(input_);
    if (skip_ > 0) return run_out();
  }
  forget_used();
  const Step step = kept_.empty() ? take(input_, frame) : next_from_kept(frame);
  return step == Step::need_more ? run_out() : step;
}

void FrameDecoder::stash() {
  if (input_.empty()) return;
  forget_used();
  keep(input_.size(), 0);
}

// Cuts one frame off the front of `bytes`, or leaves them alone and needs more.
FrameDecoder::Step FrameDecoder::take(std::span<const std::byte>& bytes, Frame& frame) noexcept {
  if (bytes.size() < kHeaderBytes) return Step::need_more;
  FrameHeader& header = frame.header;
  header = decode_header(bytes.data());
  frame.body = {};
  const auto kind = static_cast<unsigned>(header.kind);
  const bool sound = bytes[kVersionAt] == std::byte{kVersion} && kind < 32 && (kinds_ >> kind & 1U) != 0 &&
                     (header.flags & ~kKnownFlags) == 0;
  if (!sound) [[unlikely]] {
    bad_ = true;
    return Step::bad;
  }
  if (header.body_bytes > max_body_) [[unlikely]] {
    skip_ = header.body_bytes;
    bytes = bytes.subspan(kHeaderBytes);
    return Step::too_large;
  }
  if (bytes.size() - kHeaderBytes < header.body_bytes) return Step::need_more;
  frame.body = bytes.subspan(kHeaderBytes, header.body_bytes);
  bytes = bytes.subspan(kHeaderBytes + header.body_bytes);
  return Step::frame;
}

// The next frame begins in kept_; brings over just the bytes that it lacks, so that what follows it in
// input_ is decoded in place.
FrameDecoder::Step FrameDecoder::next_from_kept(Frame& frame) {
  for (;;) {
    auto bytes = kept();
    const Step step = take(bytes, frame);
    kept_used_ = kept_.size() - bytes.size();
    if (step != Step::need_more || input_.empty()) return step;
    const std::size_t frame_bytes =
        bytes.size() < kHeaderBytes ? kHeaderBytes : kHeaderBytes + frame.header.body_bytes;
    keep(std::min(frame_bytes - bytes.size(), input_.size()), frame_bytes);
  }
}

// Everything has been looked at: keeps the tail and holds no byte beyond it.
FrameDecoder::Step FrameDecoder::run_out() {
  forget_used();
  if (kept_used_ > 0) {
    kept_ = std::vector<std::byte>(kept().begin(), kept().end());
    kept_used_ = 0;
  }
  if (!input_.empty()) keep(input_.size(), 0);
  if (kept_.empty() && kept_.capacity() > 0) kept_ = std::vector<std::byte>();
  owed_ = skip_ > 0 || !kept_.empty();
  return Step::need_more;
}

void FrameDecoder::skip(std::span<const std::byte>& bytes) noexcept {
  const auto count = std::min<std::size_t>(skip_, bytes.size());
  bytes = bytes.subspan(count);
  skip_ -= static_cast<std::uint32_t>(count);
}

// Moves `count` bytes from input_ behind the kept ones. Grows by doubling but never beyond `frame_bytes`
// or what is needed now, whichever is larger: an announced body takes no room before it comes.
void FrameDecoder::keep(std::size_t count, std::size_t frame_bytes) {
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(kept_used_));
  kept_used_ = 0;
  const std::size_t needed = kept_.size() + count;
  if (needed > kept_.capacity()) {
    kept_.reserve(std::max(needed, std::min(2 * kept_.capacity(), frame_bytes)));
  }
  kept_.insert(kept_.end(), input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(count));
  input_ = input_.subspan(count);
}

void FrameDecoder::forget_used() noexcept {
  if (kept_used_ == 0 || kept_used_ < kept_.size()) return;
  kept_.clear();
  kept_used_ = 0;
  if (kept_.capacity() > kRoomy) kept_ = std::vector<std::byte>();
}

}  // namespace finishline::proto
