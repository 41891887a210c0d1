#include "lb/sim/series.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace finishline::sim {
namespace {

/// The smallest of the values that `percent` per cent of them do not exceed (nearest rank); reorders them.
template <class T>
T percentile(std::vector<T>& values, double percent) {
  if (values.empty()) return T{};
  const double rank = std::ceil(percent / 100 * static_cast<double>(values.size()));
  const auto at = values.begin() + std::max(static_cast<std::ptrdiff_t>(rank) - 1, std::ptrdiff_t{0});
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

Nanos mean(const std::vector<Nanos>& values) {
  if (values.empty()) return 0ns;
  const auto add = [](double sum, Nanos value) { return sum + static_cast<double>(value.count()); };
  const double sum =
      std::accumulate(values.begin(), values.end(), 0.0, add);  // in integers it could overflow
  return Nanos{std::llround(sum / static_cast<double>(values.size()))};
}

void add_counts(std::vector<std::vector<std::uint64_t>>& sum,
                const std::vector<std::vector<std::uint64_t>>& more) {
  for (std::size_t server = 0; server < more.size(); ++server) {
    for (std::size_t type = 0; type < more[server].size(); ++type) sum[server][type] += more[server][type];
  }
}

}  // namespace

std::string row_name(const sched::PolicyRow& bound_early) {
  const std::string name(bound_early.name);
  return name == "makespan" ? name + "-early" : name;
}

std::string row_name(sched::WaitOrder bound_late) {
  switch (bound_late) {
    case sched::WaitOrder::shortest:
      return "makespan-shortest";
    case sched::WaitOrder::longest:
      return "makespan-longest";
    case sched::WaitOrder::balanced:
      break;
  }
  return "makespan";
}

Result run_one(const Scenario& scenario, const Contender& contender, const sched::PolicyParams& params,
               std::uint64_t seed) {
  return contender.policy != nullptr ? run_simulation(scenario, *contender.policy, params, seed)
                                     : run_late(scenario, contender.late, seed);
}

Summary run_series(const Scenario& scenario, const Contender& contender, const sched::PolicyParams& params,
                   std::uint64_t first_seed, std::uint64_t runs) {
  Summary summary;
  summary.name = contender.name;
  summary.policy = contender.policy;
  summary.first_seed = first_seed;
  summary.runs = runs;
  summary.counts = counts_of({}, scenario);
  std::vector<double> ratios;
  std::vector<Nanos> latencies;
  for (std::uint64_t run = 0; run < runs; ++run) {
    const Result result = run_one(scenario, contender, params, first_seed + run);
    ratios.push_back(result.ratio());
    for (const Assignment& assignment : result.assignments) {
      if (assignment.server) latencies.push_back(assignment.latency());
    }
    summary.requests += result.assignments.size();
    summary.refused += result.refused;
    add_counts(summary.counts, counts_of(result, scenario));
  }
  summary.ratio_p50 = percentile(ratios, 50);
  summary.ratio_p95 = percentile(ratios, 95);
  summary.ratio_max = percentile(ratios, 100);
  summary.latency_mean = mean(latencies);
  summary.latency_p99 = percentile(latencies, 99);
  return summary;
}

}  // namespace finishline::sim
