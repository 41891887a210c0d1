// The end of a pipe that a loop reads from. Owns the descriptor.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>

#include "lb/net/loop.h"
#include "lb/net/timer.h"

namespace finishline::net {

class PipeReader {
 public:
  /// The bytes die when the call returns; none: no more will come, and the descriptor is closed. The reader
  /// must live until a call has returned.
  using OnBytes = std::function<void(std::span<const std::byte>)>;

  /// Takes over `fd`.
  PipeReader(Loop& loop, int fd, OnBytes on_bytes);
  ~PipeReader() { close(); }
  PipeReader(const PipeReader&) = delete;
  PipeReader& operator=(const PipeReader&) = delete;

  bool ended() const { return fd_ < 0; }
  /// No more calls.
  void close();

 private:
  static constexpr std::size_t kMostAtOnce = 64U * 1024;  // what a pipe holds, usually

  void read();

  int fd_;
  OnBytes on_bytes_;
  std::optional<Readable> readable_;
};

}  // namespace finishline::net
