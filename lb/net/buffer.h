// A growing run of bytes without the zero-filling of a vector. Pure; any process.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <utility>

namespace finishline::net {

/// Owns its bytes; moves, does not copy. Grows by doubling; never shrinks until destroyed.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Buffer() { std::free(data_); }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }

  /// Room for `n` more bytes behind the end; they count once commit(n) is called. Good until the next call.
  std::byte* prepare(std::size_t n) {
    if (capacity_ - size_ < n) grow(size_ + n);
    return data_ + size_;
  }
  void commit(std::size_t n) { size_ += n; }

  /// Empty, with exactly so much room.
  static Buffer with_room(std::size_t bytes) {
    Buffer buffer;
    buffer.resize_storage(bytes);
    return buffer;
  }

  void append(std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    std::memcpy(prepare(bytes.size()), bytes.data(), bytes.size());
    commit(bytes.size());
  }
  void drop_front(std::size_t n) {
    if (n == 0) return;
    std::memmove(data_, data_ + n, size_ - n);
    size_ -= n;
  }
  void clear() { size_ = 0; }

 private:
  static constexpr std::size_t kSmallest = 2048;

  void grow(std::size_t least) { resize_storage(std::max({least, capacity_ * 2, kSmallest})); }
  void resize_storage(std::size_t wanted) {
    void* moved = std::realloc(data_, wanted);
    if (moved == nullptr) throw std::bad_alloc();
    data_ = static_cast<std::byte*>(moved);
    capacity_ = wanted;
  }
  void swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace finishline::net
