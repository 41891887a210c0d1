// What the control process tells the workers of a pool every few milliseconds, so that they weigh waiting
// work alike.
#pragma once

#include <array>

#include "lb/sched/pool_costs.h"
#include "proto/units.h"

namespace finishline::sched {

struct PoolPlan {
  /// By group: the dual prices of its time, >= 0, with a sum of at most 1 (see planner.h). All 0: not known
  /// yet, and every group counts alike.
  std::array<double, kMaxGroups> price{};
  /// Share of the pool's capacity that arrives, as lately seen, >= 0.
  double load = 0;
  /// Of what arrives, where it is cheapest.
  Nanos mean_service{};

  bool operator==(const PoolPlan&) const = default;
};

}  // namespace finishline::sched
