// The seed set-up of the project, for tests of the simulator: two video servers, one music server.
#pragma once

#include "lb/sim/scenario.h"

namespace finishline::test {

inline std::vector<ServerSpec> seed_servers(const CostModel& cost) {
  const ServerType video = *cost.server_type_named("video"), music = *cost.server_type_named("music");
  return {{0, "video-1", video, 1.0, 1}, {1, "video-2", video, 1.0, 1}, {2, "music-1", music, 1.0, 1}};
}

/// Lengths 1 to 9 and types in equal shares, all at once.
inline sim::Scenario seed_batch(std::uint64_t requests) {
  sim::Scenario scenario{.cost = CostModel::seed(1ms), .servers = {}, .traffic = {}, .trace = {}};
  scenario.servers = seed_servers(scenario.cost);
  scenario.traffic.weights = {1, 1, 1};
  scenario.traffic.arrivals = model::Arrivals::burst;
  scenario.traffic.requests = requests;
  return scenario;
}

/// The same as a Poisson stream at this share of what divisible work could sustain.
inline sim::Scenario seed_poisson(std::uint64_t requests, double load) {
  sim::Scenario scenario = seed_batch(requests);
  scenario.traffic.arrivals = model::Arrivals::poisson;
  scenario.traffic.rate = load * sim::fractional_capacity(scenario);
  return scenario;
}

}  // namespace finishline::test
