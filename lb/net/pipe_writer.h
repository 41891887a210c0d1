// The end of a pipe that a loop writes to. Owns the descriptor, borrows the bytes.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <span>

#include "lb/net/loop.h"
#include "lb/net/timer.h"

namespace finishline::net {

/// SIGPIPE is ignored in this process. When nobody reads the pipe any more what is written is lost, silently:
/// who waits for an answer learns it from there.
class PipeWriter {
 public:
  /// Takes over `fd`.
  PipeWriter(Loop& loop, int fd);
  ~PipeWriter() { close(); }
  PipeWriter(const PipeWriter&) = delete;
  PipeWriter& operator=(const PipeWriter&) = delete;

  /// As much as the pipe takes now, the rest when it takes more. `bytes` live until they are written, or the
  /// writer is closed.
  void write(std::span<const std::byte> bytes);
  bool written() const { return unwritten_.empty(); }
  /// Behind what is to be written still goes the end.
  void end();
  /// At once; what is not written is lost.
  void close();

 private:
  void go_on();
  bool write_some();

  Loop& loop_;
  int fd_;
  std::deque<std::span<const std::byte>> unwritten_;
  bool ending_ = false;
  std::optional<Writable> writable_;  // while the pipe is full
};

}  // namespace finishline::net
