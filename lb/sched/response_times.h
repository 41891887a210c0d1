// How fast servers have answered lately, pessimistically: a slow answer counts at once and in full, fast ones
// bring the estimate down only with time. Pure; time is an argument.
// Peak EWMA, after Finagle (com.twitter.finagle.loadbalancer, PeakEwma) and Envoy (peak_ewma/cost.cc).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "proto/units.h"

namespace finishline::sched {

class ResponseTimes {
 public:
  /// In this time an estimate forgets all but 1/e of what it was.
  static constexpr Nanos kMemory = 10s;
  /// A failure counts as a response that took this long at least, and twice what was expected: however fast a
  /// server fails, it does not look fast.
  static constexpr Nanos kFailure = 1s;
  static constexpr Nanos kMost = std::chrono::hours(1);

  explicit ResponseTimes(std::size_t servers) : estimates_(servers), column_(servers) {}

  void served(std::size_t server, Nanos took, Instant now);
  void failed(std::size_t server, Instant now);
  /// What another one knows of a server, for one that begins to count it here.
  void learn(std::size_t server, const ResponseTimes& from, std::size_t its_place) {
    estimates_[server] = from.estimates_[its_place];
    column_[server] = from.column_[its_place];
  }
  /// By server, ns; 0 where nothing is known. Faded for the time without news, to within a hundredth of
  /// kMemory. Valid until the next call of any method.
  std::span<const std::int64_t> column(Instant now);

 private:
  struct Estimate {
    double nanos = 0;
    Instant at{};
  };
  /// What is left of it at `now`.
  static double faded(const Estimate& estimate, Instant now);
  void write(std::size_t server, double nanos, Instant now);

  std::vector<Estimate> estimates_;
  std::vector<std::int64_t> column_;
  Instant column_at_{};
};

}  // namespace finishline::sched
