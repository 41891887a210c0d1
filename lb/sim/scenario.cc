#include "lb/sim/scenario.h"

#include "client/lower_bound.h"

namespace finishline::sim {
namespace {

/// Long enough that the shares of types and the mean length are those of the traffic, within a per cent.
constexpr std::uint64_t kCapacityRequests = 100000;
constexpr std::uint64_t kCapacitySeed = 0x5eed;

}  // namespace

std::vector<client::PlannedRequest> requests_of(const Scenario& scenario, std::uint64_t seed) {
  if (!scenario.trace.empty()) return scenario.trace;
  client::Traffic traffic = scenario.traffic;
  traffic.seed = seed;
  return client::list_of(client::LoadPlan(traffic), traffic.requests);
}

double fractional_capacity(const Scenario& scenario) {
  Scenario batch = scenario;
  batch.trace.clear();
  batch.traffic.arrivals = client::Arrivals::burst;
  batch.traffic.burst = 0;
  batch.traffic.requests = kCapacityRequests;
  const Nanos time = client::lower_bound(batch.cost, batch.servers, requests_of(batch, kCapacitySeed));
  return static_cast<double>(kCapacityRequests) / to_seconds(time);
}

}  // namespace finishline::sim
