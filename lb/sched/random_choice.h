// random: any server that can, each with the same probability; one that does not count in full, less often.
#pragma once

#include "lb/sched/policy.h"

namespace finishline::sched {

class RandomChoice final : public Policy {
 public:
  std::optional<std::size_t> pick(const PoolView& view, const Job& job, Random& random) override;
};

}  // namespace finishline::sched
