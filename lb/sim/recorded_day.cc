#include "lb/sim/recorded_day.h"

#include <algorithm>
#include <numeric>

namespace finishline::sim {
namespace {

constexpr std::size_t kDaySteps = 86400 / kRecordedStep;

/// A rule for servers that take minutes to start.
sched::ScaleOptions day_rule() {
  return {.by = sched::ScaleBy::work,
          .up_over = 0.8,
          .hysteresis = 0.1,
          .cooldown_up = 30s,
          .cooldown_down = 60s,
          .settle = 600s,
          .min_life = 600s,
          .catch_up = 120s};
}

}  // namespace

ScaleScenario slow_servers(std::uint64_t seed) {
  ScaleScenario scenario;
  scenario.cost = CostModel::seed(1s);
  scenario.prices.assign(scenario.cost.server_types().size(), 1);
  scenario.limits = {.least = 1, .most = 200};
  scenario.step_s = kRecordedStep;
  scenario.target = 5s;
  scenario.rule = day_rule();
  scenario.seed = seed;
  return scenario;
}

void play_last_day(ScaleScenario& scenario) {
  const std::size_t steps = scenario.load.front().size();
  scenario.first_step = steps > kDaySteps ? steps - kDaySteps : 0;
}

std::optional<ScaleScenario> recorded_day(const forecast::Series& series, double rate, std::uint64_t seed) {
  if (series.size() < 2 * kDaySteps) return std::nullopt;
  ScaleScenario scenario = slow_servers(seed);
  scenario.begin_s = series.begin_s;
  scenario.load.assign(scenario.cost.request_types().size(), std::vector<double>(series.size()));
  std::vector<double>& load = scenario.load.front();
  load = forecast::filled(series);
  play_last_day(scenario);
  const double mean =
      std::accumulate(load.end() - static_cast<std::ptrdiff_t>(kDaySteps), load.end(), 0.0) / kDaySteps;
  if (!(mean > 0)) return std::nullopt;
  for (double& value : load) value = std::max(0.0, value * rate / mean);
  return scenario;
}

}  // namespace finishline::sim
