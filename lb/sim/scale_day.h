// Days of traffic on a pool whose servers are started and ended: the rule that ships (sched/scale_rule.h)
// under a virtual clock, with the policy, the servers' queue and the ledger's arithmetic, beside a pool that
// always has what the peak needs, and one that is told by a forecast (lb/forecast) what will come. Pure.
//
// A request that waited longer than the target is late. Servers are paid for from the second they are asked
// for to the one in which they have ended, starting and draining included.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lb/sched/scale_rule.h"
#include "proto/cost_model.h"
#include "proto/units.h"

namespace finishline::sim {

/// How servers are provided.
enum class Provision : std::uint8_t { peak, reactive, predictive };
std::string_view name_of(Provision provision);

struct ScaleScenario {
  CostModel cost;
  std::vector<double> prices;                         // by server type of `cost`
  sched::ScaleLimits limits{.least = 1, .most = 64};  // of each type
  std::vector<std::vector<double>> load;              // requests per second, [type][step]
  std::int64_t begin_s = 0;                           // of the first step, Unix seconds
  std::int64_t step_s = 300;
  std::size_t first_step = 0;  // that is played; those before are the past that a forecast knows
  double mean_length = 5;      // lengths are even from 1 to twice that, less one
  Nanos start_time = std::chrono::minutes(5);  // from asking for a server to its first request
  Nanos target = 1s;                           // for a request to wait
  Nanos ahead = std::chrono::minutes(10);      // that a forecast is looked at
  sched::ScaleOptions rule;
  std::uint64_t seed = 1;
};

/// Of one step.
struct ScaleStep {
  double load = 0;     // of all servers that the work takes, as a number of the first type
  double servers = 0;  // mean of those that were paid for
  std::uint64_t late = 0;
};

struct ScaleOutcome {
  Provision provision = Provision::peak;
  std::uint64_t requests = 0, late = 0, unserved = 0;
  double server_seconds = 0, price = 0;
  std::uint32_t starts = 0, most = 0;
  std::size_t forecasts = 0, trusted = 0;  // asked for; good enough to be followed
  std::vector<ScaleStep> steps;
};

/// The same scenario gives the same outcome.
ScaleOutcome play_scaling(const ScaleScenario& scenario, Provision provision);

}  // namespace finishline::sim
