// What happened in each stretch of a run whose rate changes: where along a ramp, or at which step, latency
// rose. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "client/histogram.h"
#include "client/request.h"
#include "lb/model/pace.h"

namespace finishline::client {

struct StepTally {
  std::uint64_t sent = 0, ok = 0;  // requests that were due in it
  std::uint64_t answered = 0;      // ok replies that came in it, for whatever was due before
  Histogram latency;               // of the ok ones
};

class StepTallies {
 public:
  /// For a rate that does not change: there are no steps.
  StepTallies() = default;
  explicit StepTallies(model::Pace pace) : pace_(std::move(pace)), steps_(pace_->stretches().size()) {}

  /// Times count from here on. Before the first request.
  void begin(Instant start) { start_ = start; }
  void sent(const Request& request) {
    if (pace_) ++step_at(request.intended).sent;
  }
  void served(const Request& request, Instant now) {
    if (pace_) serve(request, now);
  }

  /// Adds those of a run of the same pace.
  void merge(const StepTallies& other);

  /// One for each stretch of the pace, in order.
  const std::vector<StepTally>& all() const { return steps_; }
  /// Precondition: there are steps.
  const model::Pace& pace() const { return *pace_; }
  Instant start() const { return start_; }

 private:
  StepTally& step_at(Instant at) { return steps_[pace_->stretch_at(at - start_)]; }
  void serve(const Request& request, Instant now);

  std::optional<model::Pace> pace_;
  std::vector<StepTally> steps_;
  Instant start_{};
};

}  // namespace finishline::client
