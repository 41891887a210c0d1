// The two-byte protocol of the original mini load balancer. Request: type letter and one digit, the
// length ("V5"). Reply: the same two bytes for a request that was served, '!' and the status digit
// (proto/frame.h, Status) for one that was not. Replies come in request order; that is all the matching
// there is. Ground floor: pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "proto/frame.h"

namespace finishline::proto {

inline constexpr std::size_t kMiniBytes = 2;

struct MiniRequest {
  char type = 0;            // any ASCII letter; whether the type exists is the receiver's business
  std::uint8_t length = 0;  // 0 to 9
};

using MiniWord = std::array<std::byte, kMiniBytes>;

MiniWord encode_mini(MiniRequest request) noexcept;
MiniWord encode_mini_reply(MiniRequest request, Status status) noexcept;

/// Nothing when the word is no letter followed by a digit.
std::optional<MiniRequest> decode_mini(MiniWord word) noexcept;
/// Status::ok for an echo of `sent`, the status of a '!' word, nothing for any other two bytes.
std::optional<Status> decode_mini_reply(MiniWord word, MiniRequest sent) noexcept;

/// Cuts a byte stream into words; keeps at most one byte between reads. Never allocates.
class MiniDecoder {
 public:
  void feed(std::span<const std::byte> bytes) noexcept { input_ = bytes; }
  /// The next whole word; nothing when the input is used up (a single byte is kept for the next feed).
  std::optional<MiniWord> next() noexcept;
  /// True after half a word.
  bool mid_frame() const noexcept { return has_half_; }
  /// What next() has not consumed yet: a caller that pauses keeps a copy and feeds it again.
  std::span<const std::byte> rest() const noexcept { return input_; }

 private:
  std::span<const std::byte> input_;
  std::byte half_{};
  bool has_half_ = false;
};

}  // namespace finishline::proto
