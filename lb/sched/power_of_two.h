// power-of-two: the better of two servers drawn by chance: nearly as even as looking at all, at the price of
// looking at two (Mitzenmacher, IEEE TPDS 2001), and without the herd that a common minimum attracts.
#pragma once

#include "lb/sched/policy.h"

namespace finishline::sched {

/// Better is who completes the job earlier; for a job that declares no length who has fewer requests in
/// flight for its weight.
class PowerOfTwo final : public Policy {
 public:
  unsigned inputs() const override { return kInFlight | kWeight; }
  std::optional<std::size_t> pick(const PoolView& view, const Job& job, Random& random) override;
};

}  // namespace finishline::sched
