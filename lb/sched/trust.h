// How much a server counts right after failures: less for each, more again for each success and with time. It
// bridges the moment until its breaker opens (health_state.h) and the time when a breaker stays closed, so
// that a server that fails fast, which has few requests in flight and short answers, does not attract all.
#pragma once

#include <algorithm>
#include <cstdint>

#include "proto/units.h"

namespace finishline::sched {

/// One server, as one worker has met it. Pure; time is an argument.
class Trust {
 public:
  static constexpr std::uint32_t kMostDoubts = 4;  // counts as a 16th at least
  static constexpr Nanos kForget = 1s;             // takes away one doubt

  void failed(Instant now) {
    forget(now);
    doubts_ = std::min(doubts_ + 1, kMostDoubts);
  }
  void served(Instant now) {
    forget(now);
    doubts_ -= doubts_ > 0;
  }
  void forget(Instant now) {
    if (doubts_ == 0) since_ = now;
    for (; doubts_ > 0 && now - since_ >= kForget; since_ += kForget) --doubts_;
  }
  bool whole() const { return doubts_ == 0; }
  /// (0, 1]: each doubt halves it.
  double share() const { return 1.0 / static_cast<double>(1U << doubts_); }

 private:
  std::uint32_t doubts_ = 0;
  Instant since_{};  // when the oldest doubt began to fade
};

}  // namespace finishline::sched
