// least-connections: the server with the fewest requests in flight for its weight (for streams: connections),
// whatever they cost. Join the shortest queue, JSQ (Winston, J. Appl. Prob. 1977).
#pragma once

#include "lb/sched/policy.h"

namespace finishline::sched {

/// Counts the requests of all workers; among equals chance.
class LeastConnections final : public Policy {
 public:
  unsigned inputs() const override { return kInFlight | kWeight; }
  std::optional<std::size_t> pick(const PoolView& view, const Job& job, Random& random) override;
};

}  // namespace finishline::sched
