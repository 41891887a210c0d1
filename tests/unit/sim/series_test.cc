#include "lb/sim/series.h"

#include <doctest/doctest.h>

#include "tests/unit/sim/scenarios.h"

namespace finishline::sim {
namespace {

const sched::PolicyRow& makespan() { return *sched::find_policy("makespan"); }

TEST_CASE("a series of one run tells what the run was") {
  const Scenario scenario = test::seed_batch(100);
  const Result run = run_simulation(scenario, makespan(), {}, 9);
  const Summary summary = run_series(scenario, makespan(), {}, 9, 1);
  CHECK(summary.requests == 100);
  CHECK(summary.ratio_p50 == run.ratio());
  CHECK(summary.ratio_max == run.ratio());
  CHECK(summary.counts == counts_of(run, scenario));
}

TEST_CASE("ratios of a series are ordered by their ranks") {
  const Summary summary = run_series(test::seed_batch(60), makespan(), {}, 1, 40);
  CHECK(summary.ratio_p50 < summary.ratio_p95);
  CHECK(summary.ratio_p95 <= summary.ratio_max);
  double largest = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    largest = std::max(largest, run_simulation(test::seed_batch(60), makespan(), {}, seed).ratio());
  }
  CHECK(summary.ratio_max == largest);
}

TEST_CASE("latencies are those of answered requests, by nearest rank") {
  Scenario scenario = test::seed_batch(0);
  const RequestType live = scenario.cost.add_request_type("live", 'L');
  scenario.servers.resize(1);
  for (int i = 0; i < 100; ++i) scenario.trace.push_back({0ms, 0, 1});  // done after 1, 2, ... 100 ms
  scenario.trace.push_back({0ms, live, 1});
  const Summary summary = run_series(scenario, makespan(), {}, 1, 2);
  CHECK(summary.latency_p99 == 99ms);
  CHECK(summary.latency_mean == 50500us);
  CHECK(summary.refused == 2);
  CHECK(summary.requests == 202);
}

}  // namespace
}  // namespace finishline::sim
