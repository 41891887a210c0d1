#include "lb/sim/scale_mix.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

namespace finishline::sim {

double seconds_per_unit(const ScaleScenario& scenario, std::size_t kind, std::size_t type) {
  return scenario.cost.nanos_per_unit(static_cast<ServerType>(kind), static_cast<RequestType>(type), 1) / 1e9;
}

sched::ServerMix mix_of(const ScaleScenario& scenario) {
  std::vector<sched::ServerSort> kinds;
  for (std::size_t kind = 0; kind < scenario.cost.server_types().size(); ++kind) {
    sched::ServerSort sort{.price = scenario.prices[kind], .seconds_per_unit = {}};
    for (std::size_t type = 0; type < scenario.load.size(); ++type)
      sort.seconds_per_unit.push_back(seconds_per_unit(scenario, kind, type));
    kinds.push_back(std::move(sort));
  }
  return sched::ServerMix(std::move(kinds));
}

double work_of(const ScaleScenario& scenario, std::size_t step) {
  double work = 0;
  for (std::size_t type = 0; type < scenario.load.size(); ++type) {
    double best = seconds_per_unit(scenario, 0, type);
    for (std::size_t kind = 1; kind < scenario.prices.size(); ++kind)
      best = std::min(best, seconds_per_unit(scenario, kind, type));
    work += scenario.load[type][step] * scenario.mean_length * best;
  }
  return work;
}

sched::ServerCounts counts_for(const ScaleScenario& scenario, std::span<const std::size_t> steps,
                               std::uint32_t most) {
  const sched::ServerMix servers = mix_of(scenario);
  sched::ServerCounts wanted(servers.kinds().size(), scenario.limits.least);
  for (const std::size_t step : steps) {
    std::vector<double> volume;
    for (const auto& load : scenario.load) volume.push_back(load[step] * scenario.mean_length);
    wanted =
        servers.cheapest(wanted, sched::ServerCounts(wanted.size(), most), volume, scenario.rule.up_over);
  }
  return wanted;
}

std::uint32_t static_servers(const ScaleScenario& scenario, double share) {
  constexpr std::uint32_t kNoLimit = 1000000;
  std::vector<std::size_t> steps(scenario.load.front().size());
  std::iota(steps.begin(), steps.end(), std::size_t{0});
  std::ranges::sort(steps, {}, [&](std::size_t step) { return work_of(scenario, step); });
  steps.resize(static_cast<std::size_t>(std::ceil(share * static_cast<double>(steps.size()))));
  const sched::ServerCounts counts = counts_for(scenario, steps, kNoLimit);
  return std::accumulate(counts.begin(), counts.end(), 0U);
}

}  // namespace finishline::sim
