#include "lb/sim/scale_day.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "lb/sim/scale_connections.h"

namespace finishline::sim {
namespace {

/// Three hours: little, four times as much, little again.
ScaleScenario hill() {
  ScaleScenario scenario;
  scenario.cost = CostModel::seed(1s);
  scenario.prices = {1, 1};
  scenario.step_s = 300;
  for (int step = 0; step < 36; ++step) {
    const double rate = step >= 12 && step < 24 ? 4 : 1;
    scenario.load.resize(3);
    scenario.load[0].push_back(rate);
    scenario.load[1].push_back(0);
    scenario.load[2].push_back(0);
  }
  scenario.start_time = 60s;
  scenario.target = 5s;
  scenario.rule = {.up_over = 0.8,
                   .cooldown_up = 10s,
                   .cooldown_down = 30s,
                   .settle = 300s,
                   .min_life = 60s,
                   .catch_up = 120s};
  return scenario;
}

TEST_CASE("servers for the peak are the same all the time, and few requests are late") {
  const ScaleOutcome it = play_scaling(hill(), Provision::peak);
  CHECK(it.starts == it.most);
  CHECK(it.server_seconds == doctest::Approx(it.most * 3 * 3600.0));
  CHECK(it.late * 100 < it.requests);
  CHECK(it.unserved == 0);
}

TEST_CASE("servers that follow the load cost less, and come and go with it") {
  const ScaleOutcome peak = play_scaling(hill(), Provision::peak);
  const ScaleOutcome it = play_scaling(hill(), Provision::reactive);
  CHECK(it.server_seconds < 0.8 * peak.server_seconds);
  CHECK(it.late >= peak.late);
  CHECK(it.steps[20].servers > it.steps[5].servers + 2);
  CHECK(it.steps[35].servers < it.steps[20].servers - 1);
  CHECK(it.unserved == 0);
}

TEST_CASE("the same requests come, however servers are provided") {
  const ScaleOutcome peak = play_scaling(hill(), Provision::peak);
  CHECK(play_scaling(hill(), Provision::reactive).requests == peak.requests);
  CHECK(play_scaling(hill(), Provision::predictive).requests == peak.requests);
}

TEST_CASE("of types that cost the same those are started that do the work best") {
  // Only video comes: of music servers, which do it three times as slowly, none is started beside the least.
  const ScaleOutcome it = play_scaling(hill(), Provision::reactive);
  const double needed = 4 * 5 / 0.8;  // servers of the hill: requests a second, seconds of each, share
  CHECK(it.most < 1.7 * needed);
}

TEST_CASE("a day is played the same way again") {
  const ScaleOutcome one = play_scaling(hill(), Provision::reactive);
  const ScaleOutcome other = play_scaling(hill(), Provision::reactive);
  CHECK(one.requests == other.requests);
  CHECK(one.late == other.late);
  CHECK(one.server_seconds == other.server_seconds);
}

TEST_CASE("without a past no forecast is followed, and all is as without one") {
  const ScaleOutcome reactive = play_scaling(hill(), Provision::reactive);
  const ScaleOutcome it = play_scaling(hill(), Provision::predictive);
  CHECK(it.forecasts > 0);
  CHECK(it.trusted == 0);
  CHECK(it.late == reactive.late);
  CHECK(it.server_seconds == reactive.server_seconds);
}

TEST_CASE("connections of random loads find servers that are half loaded at most, but for moments") {
  const ConnectionOutcome it = play_connections(
      {.rule = {.by = sched::ScaleBy::connections, .up_over = 0.5, .down_under = 0.2, .cooldown_up = 0s}});
  CHECK(it.connections > 500);
  CHECK(it.mean_load < 0.5);
  CHECK(it.above < 0.1);
  CHECK(it.most > 5);
}

}  // namespace
}  // namespace finishline::sim
