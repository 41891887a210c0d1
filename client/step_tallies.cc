#include "client/step_tallies.h"

namespace finishline::client {

void StepTallies::serve(const Request& request, Instant now) {
  StepTally& step = step_at(request.intended);
  ++step.ok;
  step.latency.record(now - request.intended);
  if (now - start_ < pace_->length()) ++step_at(now).answered;
}

}  // namespace finishline::client
