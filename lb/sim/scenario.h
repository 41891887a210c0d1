// What is simulated: servers, what their work costs, and the traffic. Plain values.
#pragma once

#include <vector>

#include "client/load_plan.h"
#include "client/traffic.h"
#include "proto/cost_model.h"

namespace finishline::sim {

struct Scenario {
  CostModel cost;
  std::vector<ServerSpec> servers;
  client::Traffic traffic;                    // its seed is replaced by that of each run
  std::vector<client::PlannedRequest> trace;  // where there is one, it is replayed instead of `traffic`
};

/// The requests of one run, in order of time; the same for the same seed, and for any seed of a trace.
std::vector<client::PlannedRequest> requests_of(const Scenario& scenario, std::uint64_t seed);

/// Requests per second of this mix and these lengths that the servers could just sustain if work were
/// divided at will: the reciprocal of the lower bound's time per request, over a long batch with a seed of
/// its own. Infinity where that takes no time: no server can do any of it, or all lengths are 0.
double fractional_capacity(const Scenario& scenario);

}  // namespace finishline::sim
