// Makes the plan by which the workers of a pool weigh what waits. Control process, every few milliseconds,
// and the simulator; pure.
//
// The prices are the dual solution of  min T:  R_g + sum_k a_gk x_gk <= T,  sum_g x_gk = V_k
// (lb/model/fractional_load.h): how soon all that waits, V, could be done behind the work that the groups of
// servers have, R, if it could be cut. The load is the rate at which work arrives, in these prices, as a
// share of the time that passes: an average that forgets within a quarter of T, at least 20 ms and at most 1
// s.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "lb/model/fractional_load.h"
#include "lb/sched/pool_costs.h"
#include "lb/sched/pool_plan.h"
#include "proto/units.h"

namespace finishline::sched {

/// A pool at one instant. The spans borrow for the length of a call.
struct PoolState {
  Instant now{};
  std::span<const std::int64_t> finish;  // by position: as in PoolView
  std::span<const double> waiting;       // by type: length that waits, units
  std::span<const std::uint64_t>
      arrived;  // by type: length that has arrived so far, whether it waits or not, units
  std::span<const std::uint64_t> requests;  // by type: how many have
};

class Planner {
 public:
  explicit Planner(PoolCosts costs);

  /// Other servers or costs, the same types. What was seen of the load counts on.
  void set_costs(PoolCosts costs);
  /// The plan as of now; times never fall from call to call. The linear programme is solved again each time,
  /// from where it stood: microseconds.
  PoolPlan plan_of(const PoolState& state);
  /// The T of the last plan: how long the pool would need for all it has, if it could be cut.
  Nanos horizon() const { return Nanos{static_cast<std::int64_t>(horizon_)}; }

 private:
  void consider(std::span<const std::int64_t> finish);
  void set_up();
  void sum_up(const PoolState& state);
  void follow_arrivals(const PoolState& state);

  PoolCosts costs_;
  std::vector<std::uint8_t> available_;  // by position
  std::optional<model::FractionalLoad> programme_;
  std::vector<double> busy_;      // by group: mean time that its available servers have left, ns
  std::vector<double> cheapest_;  // by type, of the available servers; 0: none
  double horizon_ = 0;
  // Arrivals.
  bool started_ = false;
  Instant then_{};
  std::vector<std::uint64_t> arrived_, requests_;
  double load_ = 0;
  double mean_service_ = 0;
};

}  // namespace finishline::sched
