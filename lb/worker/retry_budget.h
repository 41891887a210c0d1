// How many requests may be sent again at a time, so that retries cannot become a storm: a fifth of all that
// are in flight or wait, and three in any case (Finagle and Envoy call it a retry budget). Pure.
#pragma once

#include <algorithm>
#include <cstddef>

namespace finishline::worker {

class RetryBudget {
 public:
  void sent_again() { ++in_flight_; }
  void ended() { --in_flight_; }

  /// Whether one more may be sent again; `counted`: it is one of those that are in flight.
  bool allows(std::size_t requests, bool counted) const {
    return in_flight_ - (counted ? 1 : 0) < std::max(kAtLeast, requests * kSharePercent / 100);
  }

 private:
  static constexpr std::size_t kSharePercent = 20;
  static constexpr std::size_t kAtLeast = 3;

  std::size_t in_flight_ = 0;  // requests that have been sent more than once
};

}  // namespace finishline::worker
