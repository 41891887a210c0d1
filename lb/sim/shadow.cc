#include "lb/sim/shadow.h"

#include <algorithm>
#include <cmath>

namespace finishline::sim {
namespace {

constexpr std::uint64_t kSeed = 1;  // always the same, so that shadows differ by their rules

Result played(const Replay& replay, const Contender& contender, const sched::PolicyParams& params) {
  const Scenario& scenario = replay.scenario;
  if (contender.policy == nullptr) return play_late(scenario, scenario.trace, contender.late, kSeed);
  return play(scenario, scenario.trace, *contender.policy, params, kSeed);
}

/// Seconds, in order.
std::vector<double> latencies_of(const Result& result) {
  std::vector<double> all;
  for (const Assignment& it : result.assignments)
    if (it.server) all.push_back(to_seconds(it.latency()));
  std::ranges::sort(all);
  return all;
}

/// The least value that so many parts are not above.
double quantile(const std::vector<double>& sorted, double part) {
  if (sorted.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(part * static_cast<double>(sorted.size())));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

double imbalance_of(const Result& result, const Scenario& scenario) {
  if (result.makespan <= 0ns) return 0;
  std::vector<double> busy(scenario.servers.size());
  for (const Assignment& it : result.assignments)
    if (it.server) busy[*it.server] += to_seconds(it.service) / scenario.servers[*it.server].slots;
  const auto [least, most] = std::ranges::minmax(busy);
  return std::min((most - least) / to_seconds(result.makespan), 1.0);
}

}  // namespace

Shadow shadow_of(const Replay& replay, Nanos bound, const Contender& contender,
                 const sched::PolicyParams& params) {
  const Result result = played(replay, contender, params);
  const std::vector<double> latencies = latencies_of(result);
  Shadow shadow{.policy = contender.name,
                .ratio = {},
                .regret = {},
                .p50 = quantile(latencies, 0.50),
                .p95 = quantile(latencies, 0.95),
                .p99 = quantile(latencies, 0.99),
                .imbalance = imbalance_of(result, replay.scenario)};
  if (bound > 0ns) shadow.ratio = to_seconds(result.makespan) / to_seconds(bound);
  if (replay.makespan > 0ns) shadow.regret = to_seconds(result.makespan) / to_seconds(replay.makespan) - 1;
  return shadow;
}

}  // namespace finishline::sim
