// What is simulated: servers, what their work costs, and the traffic. Plain values.
#pragma once

#include <vector>

#include "lb/model/load_plan.h"
#include "lb/model/traffic.h"
#include "proto/cost_model.h"

namespace finishline::sim {

/// A request as the proxy sees it, and what the proxy does not know.
struct SimRequest : model::PlannedRequest {
  double stretch = 1;  // how many times longer it takes than its length says

  bool operator==(const SimRequest&) const = default;
};

struct Scenario {
  CostModel cost;
  std::vector<ServerSpec> servers;
  model::Traffic traffic;         // its seed is replaced by that of each run
  std::vector<SimRequest> trace;  // where there is one, it is replayed instead of `traffic`
  bool declared = true;           // false: requests of `traffic` do not say how long they are; all say 1
  std::vector<double> weights{};  // by server; empty: all 1
  /// By server, how many times longer it works than its configuration says; empty: none does.
  std::vector<double> slowness{};

  Nanos round_trip{};  // of a request and its reply between proxy and server
  double noise = 0;    // [0, 1): requests of `traffic` take up to so much more or less than they say, evenly

  double slowness_of(std::size_t server) const { return slowness.empty() ? 1.0 : slowness[server]; }
};

/// The requests of one run, in order of time; the same for the same seed, and for any seed of a trace.
std::vector<SimRequest> requests_of(const Scenario& scenario, std::uint64_t seed);

/// Of the makespan, for exactly these requests as long as they really take.
Nanos lower_bound_of(const Scenario& scenario, const std::vector<SimRequest>& requests);

/// Requests per second of this mix and these lengths that the servers could just sustain if work were
/// divided at will: the reciprocal of the lower bound's time per request, over a long batch with a seed of
/// its own. Infinity where that takes no time: no server can do any of it, or all lengths are 0.
double fractional_capacity(const Scenario& scenario);

}  // namespace finishline::sim
