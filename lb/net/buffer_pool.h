// Empty buffers for reuse, by size: the heap would give large ones back to the kernel and fetch them again,
// page by page, at every turn of the loop. Pure; any process.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <utility>
#include <vector>

#include "lb/net/buffer.h"

namespace finishline::net {

class BufferPool {
 public:
  /// Keeps at most so many bytes of capacity; what is given back beyond that is freed.
  explicit BufferPool(std::size_t most) : most_(most) {}

  /// An empty buffer with room for at least so many bytes.
  Buffer take(std::size_t least) {
    const std::size_t size = size_above(least);
    if (size >= kSizes) return Buffer::with_room(least);
    std::vector<Buffer>& spare = spare_[size];
    if (spare.empty()) return Buffer::with_room(kSmallest << size);
    Buffer buffer = std::move(spare.back());
    spare.pop_back();
    kept_ -= buffer.capacity();
    return buffer;
  }

  /// Room for `n` more bytes, in a larger buffer with the same bytes: the smaller one is wanted again where
  /// it came from.
  void enlarge(Buffer& buffer, std::size_t n) {
    Buffer larger = take(std::max(buffer.size() + n, 2 * buffer.capacity()));
    larger.append(buffer.bytes());
    give_back(std::exchange(buffer, std::move(larger)));
  }

  void give_back(Buffer buffer) {
    const std::size_t size = size_below(buffer.capacity());
    if (size >= kSizes || kept_ + buffer.capacity() > most_) return;
    buffer.clear();
    kept_ += buffer.capacity();
    spare_[size].push_back(std::move(buffer));
  }

  /// Of all that are kept.
  std::size_t kept_bytes() const { return kept_; }

 private:
  static constexpr std::size_t kSmallest = 64;
  static constexpr std::size_t kSizes = 14;  // 64 bytes to 512 KiB, by powers of two

  static std::size_t size_above(std::size_t bytes) {
    return static_cast<std::size_t>(std::bit_width((std::max<std::size_t>(bytes, 1) - 1) / kSmallest));
  }
  /// Whatever is that small has no place.
  static std::size_t size_below(std::size_t bytes) {
    return bytes < kSmallest ? kSizes : static_cast<std::size_t>(std::bit_width(bytes / kSmallest)) - 1;
  }

  std::size_t most_;
  std::size_t kept_ = 0;
  std::array<std::vector<Buffer>, kSizes> spare_;
};

}  // namespace finishline::net
