// How much a server counts right after failures, and whether it is left alone for a while. Bridges the moment
// until its breaker opens (health_state.h) and the time when a breaker stays closed, so that a server that
// fails or refuses fast, which has few requests in flight and short answers, does not attract all.
//
//   failed    it counts less: half for each failure, more again with each success and with time. From the
//             second on it stands back for as long as it was to work and did not, twice as long after each
//             further one in a row, 1 s at most, while others can do what it does: who fails fast is no
//             sooner free than who works.
//   refused   it rests as well: for 10 ms, twice as long after each further refusal, 1 s at most; for 1 s at
//             once when it says that it is leaving. What it is asked after that is how it can say otherwise.
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
  static constexpr Nanos kFirstRest = 10ms;
  static constexpr Nanos kLongestRest = 1s;

  /// `spared`: of the time that was booked for what it failed, what it has not used.
  void failed(Nanos spared, Instant now) {
    forget(now);
    doubts_ = std::min(doubts_ + 1, kMostDoubts);
    if (spared <= 0ns || doubts_ < 2) return;
    pause_ = std::clamp(spared, std::min(2 * pause_, kLongestRest), kLongestRest);
    failed_at_ = now;
    stands_back_until_ = now + pause_;
  }
  /// It did not begin what it was asked; `leaving`: nor will it begin anything.
  void refused(bool leaving, Instant now) {
    rest_ = leaving ? kLongestRest : std::clamp(2 * rest_, kFirstRest, kLongestRest);
    refused_at_ = now;
    rests_until_ = now + rest_;
  }
  /// It answered well what it was asked at `asked_at`. What it had begun before it refused says nothing about
  /// that.
  void served(Instant asked_at, Instant now) {
    forget(now);
    doubts_ -= doubts_ > 0;
    if (asked_at > refused_at_) rest_ = {}, rests_until_ = {};
    if (asked_at > failed_at_) pause_ = {}, stands_back_until_ = {};
  }
  /// It is another one: a new connection to it was made.
  void recovered() { rest_ = pause_ = {}, rests_until_ = stands_back_until_ = {}; }
  void forget(Instant now) {
    if (doubts_ == 0) since_ = now, pause_ = {};
    for (; doubts_ > 0 && now - since_ >= kForget; since_ += kForget) --doubts_;
  }
  bool whole() const { return doubts_ == 0; }
  /// (0, 1]: each doubt halves it.
  double share() const { return 1.0 / static_cast<double>(1U << doubts_); }
  Instant rests_until() const { return rests_until_; }
  Instant stands_back_until() const { return stands_back_until_; }

 private:
  std::uint32_t doubts_ = 0;
  Instant since_{};  // when the oldest doubt began to fade
  Nanos rest_{};     // the last one
  Instant refused_at_{};
  Instant rests_until_{};
  Nanos pause_{};  // the last one
  Instant failed_at_{};
  Instant stands_back_until_{};
};

}  // namespace finishline::sched
