// least-response-time: the server that would answer first if each of its open requests took as long as its
// answers took lately. Needs neither types nor lengths. The estimate: response_times.h, with its sources.
#pragma once

#include "lb/sched/policy.h"

namespace finishline::sched {

/// Score: response time x (requests in flight + 1). A server of which nothing is known gets one request to
/// be measured by, and nothing more before it is answered while others are known.
class LeastResponseTime final : public Policy {
 public:
  unsigned inputs() const override { return kInFlight | kResponseTime; }
  std::optional<std::size_t> pick(const PoolView& view, const Job& job, Random& random) override;
};

}  // namespace finishline::sched
