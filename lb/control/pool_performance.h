// How near a pool comes to the possible best, as pages and the API tell it. Plain values. Control process.
#pragma once

#include <optional>
#include <vector>

#include "lb/sim/shadow.h"

namespace finishline::control {

/// See lb/sim/performance.h; what is not known is nothing.
struct PoolPerformance {
  std::optional<double> window{}, busy{};  // achieved makespan to its lower bound
  std::optional<double> idle_share{};      // of the servers' time, 0 to 1
  double span = 0;                         // seconds that these are of, at most 60
  double age = 0;                          // seconds since they were worked out
  std::vector<sim::Shadow> shadows{};      // by policy; empty until all are worked out
  std::size_t shadow_requests = 0;         // that they have played
  double shadows_age = 0;                  // seconds since the last request that they have played
};

}  // namespace finishline::control
