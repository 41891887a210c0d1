#include "client/step_tallies.h"

namespace finishline::client {

void StepTallies::serve(const Request& request, Instant now) {
  StepTally& step = step_at(request.intended);
  ++step.ok;
  step.latency.record(now - request.intended);
  if (now - start_ < pace_->length()) ++step_at(now).answered;
}

void StepTallies::merge(const StepTallies& other) {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    steps_[i].sent += other.steps_[i].sent;
    steps_[i].ok += other.steps_[i].ok;
    steps_[i].answered += other.steps_[i].answered;
    steps_[i].latency.merge(other.steps_[i].latency);
  }
}

}  // namespace finishline::client
