// makespan, the default: the server that least raises the latest finish of the whole pool.
// Greedy list scheduling against the maximum (Graham, SIAM J. Appl. Math. 1969) on unrelated machines.
//
// A finish that is further off than twice what the other servers have before them on average does not count:
// it is no measure of when this pool will be done with what it has, and everything could hide behind it. So
// no single number, from a client that asks for very much or from a server that reports or hangs, changes
// more than what that server gets.
#pragma once

#include "lb/sched/policy.h"

namespace finishline::sched {

/// Among servers that give the same latest finish: the cheapest (work that hides behind a busier server
/// should cost the pool least; by cost per unit, so that it holds for jobs of length 0 too), then the
/// earliest own finish, then chance.
class MinMakespan final : public Policy {
 public:
  bool weighs_time() const override { return true; }
  std::optional<std::size_t> pick(const PoolView& view, const Job& job, Random& random) override;
};

}  // namespace finishline::sched
