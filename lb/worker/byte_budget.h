// How many bytes a worker holds for others: output that nobody has read yet, bodies kept for another attempt,
// requests in flight, input that is not taken yet. Above the budget no client is read until it has fallen to
// three quarters. When that lasts, those who let their replies lie are dropped, or they would hold up everybody
// else for good; above twice the budget, which only replies can reach, whoever has most is dropped at once.
// Worker process; arithmetic on what the parts count anyway.
#pragma once

#include <cstddef>

#include "lb/net/loop.h"
#include "lb/worker/dispatcher.h"

namespace finishline::worker {

class ByteBudget {
 public:
  /// Both outlive the budget. It is overdue when it has been exhausted for longer than `patience`.
  ByteBudget(net::Loop& loop, const Dispatcher& dispatcher, std::size_t most, Nanos patience = 1s)
      : loop_(loop), dispatcher_(dispatcher), most_(most), patience_(patience) {}

  /// Input that sessions hold changed by `n`.
  void add_input(std::ptrdiff_t n) { input_ += static_cast<std::size_t>(n); }
  std::size_t held() const { return loop_.buffered_bytes() + dispatcher_.held_bytes() + input_; }

  /// Whether clients may not be read now: from the moment it is passed until relieve().
  bool exhausted() {
    if (!exhausted_ && held() > most_) [[unlikely]]
      exhaust();
    return exhausted_;
  }
  /// True once when so much has gone that clients may be read again.
  bool relieve() {
    if (!exhausted_ || held() > relieved()) return false;
    exhausted_ = false;
    return true;
  }
  /// It has been exhausted for too long.
  bool overdue() { return exhausted_ && held() > relieved() && loop_.now() - since_ >= patience_; }
  bool desperate() const { return held() > 2 * most_; }

 private:
  std::size_t relieved() const { return most_ - most_ / 4; }
  void exhaust() {
    exhausted_ = true;
    since_ = loop_.now();
  }

  net::Loop& loop_;
  const Dispatcher& dispatcher_;
  std::size_t most_;
  Nanos patience_;
  std::size_t input_ = 0;
  bool exhausted_ = false;
  Instant since_{};
};

}  // namespace finishline::worker
