// Pipes of one loop through which bytes go from socket to socket without being copied (splice(2)). Worker
// process.
//
// What is in a pipe counts in Loop::buffered_bytes(). A pipe that is given back empty is kept for the next
// one.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "lb/net/loop.h"

namespace finishline::net {

class PipePool;

class SplicePipe {
 public:
  /// What a pipe takes at once; the kernel keeps it in the pages in which it came.
  static constexpr std::size_t kBytes = 1U << 20;

  ~SplicePipe();
  SplicePipe(const SplicePipe&) = delete;
  SplicePipe& operator=(const SplicePipe&) = delete;

  /// Bytes that are in it.
  std::size_t held() const { return held_; }
  bool empty() const { return held_ == 0; }

  // Each returns bytes, 0 when nothing can be moved now, or a negative errno.
  /// Of what waits in the socket `from`, into an empty pipe: `most` at most. -ENODATA: it has ended.
  ssize_t fill_from(int from, std::size_t most);
  /// Of what is in it, to the socket `to`.
  ssize_t empty_into(int to);
  /// The first bytes that are in it, copied.
  ssize_t take_head(std::span<std::byte> room);

 private:
  friend class PipePool;

  SplicePipe(Loop& loop, int in, int out) : loop_(loop), in_(in), out_(out) {}
  void account(std::ptrdiff_t change);

  Loop& loop_;
  int in_;
  int out_;
  std::size_t held_ = 0;
  bool refused_ = false;  // this kernel does not splice such sockets
};

class PipePool {
 public:
  /// In use and kept, together; each takes two descriptors.
  static constexpr std::size_t kMost = 16;
  /// Where the kernel gives none of a useful size (pipe-user-pages-soft, proc(5)), it is asked again after so
  /// long.
  static constexpr Nanos kAskAgain = 1s;

  struct GiveBack {
    PipePool* pool;
    void operator()(SplicePipe* pipe) const { pool->give_back(std::unique_ptr<SplicePipe>(pipe)); }
  };
  /// Goes back to its pool, which outlives it; what is in it then is lost.
  using Lease = std::unique_ptr<SplicePipe, GiveBack>;

  explicit PipePool(Loop& loop) : loop_(loop) {}
  PipePool(const PipePool&) = delete;
  PipePool& operator=(const PipePool&) = delete;

  /// An empty one; none while all are in use, or the kernel gives none.
  Lease take();
  std::size_t in_use() const { return in_use_; }

 private:
  std::unique_ptr<SplicePipe> make();
  void give_back(std::unique_ptr<SplicePipe> pipe);

  Loop& loop_;
  std::vector<std::unique_ptr<SplicePipe>> kept_;
  std::size_t in_use_ = 0;
  Instant ask_at_{};
  bool refused_ = false;  // one pipe has been: there are no more
};

}  // namespace finishline::net
