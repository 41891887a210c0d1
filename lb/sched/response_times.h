// How fast servers have answered lately, pessimistically: a slow answer counts at once and in full, fast ones
// bring the estimate down only with time. Pure; time is an argument.
// Peak EWMA, after Finagle (com.twitter.finagle.loadbalancer, PeakEwma) and Envoy (peak_ewma/cost.cc).
//
// A server that looks slow is given nothing, so nothing would show that it is not slow any more. Therefore
// one decision in kProbeEvery sees the server that has been silent for longest as one of which nothing is
// known, if it has been silent for long: it is given a request. What answers that then stands alone: it is
// not held against older answers. A server that is slow indeed costs one request in kProbeEvery at most, and
// fewer the slower it is.
#pragma once

#include <cstdint>
#include <optional>
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
  /// Silent for long: so long, and so many times what is expected of it.
  static constexpr Nanos kSilence = 2s;
  static constexpr double kSilentTimes = 4;
  static constexpr int kProbeEvery = 64;

  explicit ResponseTimes(std::size_t servers) : estimates_(servers), column_(servers) {}

  void served(std::size_t server, Nanos took, Instant now);
  void failed(std::size_t server, Instant now);
  /// What another one knows of a server, for one that begins to count it here.
  void learn(std::size_t server, const ResponseTimes& from, std::size_t its_place) {
    estimates_[server] = from.estimates_[its_place];
    column_[server] = from.column_[its_place];
  }
  /// For one decision. By server, ns; 0 where nothing is known, or it is to be tried again. Faded for the
  /// time without news, to within a hundredth of kMemory. Valid until the next call of any method.
  std::span<const std::int64_t> column(Instant now);

 private:
  struct Estimate {
    double nanos = 0;
    Instant at{};
  };
  /// What is left of it at `now`.
  static double faded(const Estimate& estimate, Instant now);
  /// Whether nothing was heard of it for long until `now`.
  static bool silent(const Estimate& estimate, Instant now);
  void write(std::size_t server, double nanos, Instant now);
  void fade(Instant now);
  void show_silent(Instant now);

  std::vector<Estimate> estimates_;
  std::vector<std::int64_t> column_;
  Instant column_at_{};
  int decisions_ = 0;                  // since one was to try a silent server
  std::optional<std::size_t> trying_;  // shown as unknown to the last decision
};

}  // namespace finishline::sched
