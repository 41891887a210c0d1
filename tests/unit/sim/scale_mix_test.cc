#include "lb/sim/scale_mix.h"

#include <doctest/doctest.h>

#include <cmath>

#include "lb/sim/recorded_day.h"

namespace finishline::sim {
namespace {

/// Work of the first type that keeps so many of its servers busy, step by step.
ScaleScenario steps_of(std::vector<double> busy) {
  ScaleScenario scenario = slow_servers(1);
  scenario.limits = {.least = 0, .most = 5};
  scenario.load.assign(scenario.cost.request_types().size(), std::vector<double>(busy.size()));
  for (std::size_t i = 0; i < busy.size(); ++i)
    scenario.load[0][i] = busy[i] / scenario.mean_length / seconds_per_unit(scenario, 0, 0);
  return scenario;
}

TEST_CASE("the work of a step is told in servers of the type that does it best") {
  const ScaleScenario scenario = steps_of({3, 8});
  CHECK(work_of(scenario, 0) == doctest::Approx(3));
  CHECK(work_of(scenario, 1) == doctest::Approx(8));
}

TEST_CASE("static servers are enough for the share of the steps that is asked for, without a limit") {
  std::vector<double> busy(99, 4);
  busy.push_back(40);
  CHECK(static_servers(steps_of(busy), 1) == std::ceil(40 / 0.8));
  CHECK(static_servers(steps_of(busy), 0.99) == std::ceil(4 / 0.8));
}

}  // namespace
}  // namespace finishline::sim
