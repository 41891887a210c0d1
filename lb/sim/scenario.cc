#include "lb/sim/scenario.h"

#include "lb/model/lower_bound.h"
#include "lb/sched/random.h"

namespace finishline::sim {
namespace {

/// Long enough that the shares of types and the mean length are those of the traffic, within a per cent.
constexpr std::uint64_t kCapacityRequests = 100000;
constexpr std::uint64_t kCapacitySeed = 0x5eed;
constexpr std::uint64_t kNoiseStream = 0x9015e;

/// A request that says nothing of its length looks like one of length 1 that takes so many times longer.
SimRequest undeclared(SimRequest request) {
  request.stretch *= request.length;
  request.length = 1;
  return request;
}

void add_noise(std::vector<SimRequest>& requests, double noise, std::uint64_t seed) {
  sched::Random chance(seed ^ kNoiseStream);
  for (SimRequest& request : requests) request.stretch *= 1 + noise * (2 * chance.unit() - 1);
}

}  // namespace

std::vector<SimRequest> requests_of(const Scenario& scenario, std::uint64_t seed) {
  if (!scenario.trace.empty()) return scenario.trace;
  model::Traffic traffic = scenario.traffic;
  traffic.seed = seed;
  model::LoadPlan plan(traffic);
  std::vector<SimRequest> requests;
  for (auto next = plan.next(); next && requests.size() < traffic.requests; next = plan.next())
    requests.push_back(scenario.declared ? SimRequest{*next} : undeclared({*next}));
  if (scenario.noise > 0) add_noise(requests, scenario.noise, seed);
  return requests;
}

Nanos lower_bound_of(const Scenario& scenario, const std::vector<SimRequest>& requests) {
  std::vector<ServerSpec> servers = scenario.servers;
  for (std::size_t i = 0; i < servers.size(); ++i) servers[i].speed /= scenario.slowness_of(i);
  model::LowerBound bound(scenario.cost, servers);
  for (const SimRequest& request : requests)
    bound.add(request.at, request.type, request.length * request.stretch);
  return bound.value();
}

double fractional_capacity(const Scenario& scenario) {
  Scenario batch = scenario;
  batch.trace.clear();
  batch.traffic.arrivals = model::Arrivals::burst;
  batch.traffic.burst = 0;
  batch.traffic.requests = kCapacityRequests;
  const Nanos time = lower_bound_of(batch, requests_of(batch, kCapacitySeed));
  return static_cast<double>(kCapacityRequests) / to_seconds(time);
}

}  // namespace finishline::sim
