// What the streams of one worker share to move long stretches of bytes: the pipes, and the rule that chooses
// the way. Worker process.
#pragma once

#include "lb/config/config.h"
#include "lb/config/descriptors.h"
#include "lb/net/pipe_pool.h"
#include "lb/worker/bulk_rule.h"

namespace finishline::worker {

class BulkMover {
 public:
  static_assert(net::PipePool::kMost == config::kPipesPerWorker);

  explicit BulkMover(net::Loop& loop) : pipes_(loop) {}

  /// The way of the next move, where `wanted` says `automatic` or `splice`. While no pipe can be had, all is
  /// copied.
  BulkRule::Next next(config::Bulk wanted) {
    return wanted == config::Bulk::splice ? BulkRule::Next{BulkWay::splice, false} : rule_.next();
  }
  net::PipePool::Lease take_pipe() { return pipes_.take(); }
  std::size_t pipes_in_use() const { return pipes_.in_use(); }
  BulkRule& rule() { return rule_; }

 private:
  net::PipePool pipes_;
  BulkRule rule_;
};

/// Measures one move.
class BulkStopwatch {
 public:
  /// Reads the CPU clock of this thread, where the rule wants to know.
  BulkStopwatch(BulkMover& mover, BulkWay way, bool wanted);
  /// So many bytes are in.
  void in(std::size_t bytes);
  /// So many of them have gone out, and the rest is put away: tells the rule.
  void out(std::size_t bytes);

 private:
  BulkMover& mover_;
  BulkWay way_;
  bool wanted_;
  Nanos at_{};
  BulkMove move_;
};

}  // namespace finishline::worker
