// earliest-finish: the server that would complete this job first.
// Minimum completion time, MCT (Ibarra and Kim, JACM 1977; named so by Braun et al., JPDC 2001).
#pragma once

#include "lb/sched/policy.h"

namespace finishline::sched {

/// Among equal completions the cheapest service time, then chance.
class EarliestFinish final : public Policy {
 public:
  bool weighs_time() const override { return true; }
  std::optional<std::size_t> pick(const PoolView& view, const Job& job, Random& random) override;
};

}  // namespace finishline::sched
