// The figures that an independent throw-away simulation gave for the seed set-up, as written in the design:
// the project's own simulator, with the policies that ship, has to agree.
#include <doctest/doctest.h>

#include <map>
#include <string>

#include "lb/sim/series.h"
#include "tests/unit/sim/scenarios.h"

namespace finishline::sim {
namespace {

constexpr std::uint64_t kSeeds = 60;

Summary series(const Scenario& scenario, const std::string& policy) {
  return run_series(scenario, *sched::find_policy(policy), {.gamma = 0.5}, 1, kSeeds);
}

TEST_CASE("a batch of 300 takes as many times its lower bound as in the first simulation") {
  const Scenario scenario = test::seed_batch(300);
  const std::map<std::string, double> expected{{"round-robin", 1.98}, {"least-connections", 1.98},
                                               {"least-work", 1.48},  {"earliest-finish", 1.10},
                                               {"makespan", 1.095},   {"regret", 1.08}};
  for (const auto& [policy, ratio] : expected) {
    CAPTURE(policy);
    CHECK(series(scenario, policy).ratio_p50 == doctest::Approx(ratio).epsilon(0.03));
  }
}

TEST_CASE("under Poisson load of 90 % requests stay as long as in the first simulation") {
  const Scenario scenario = test::seed_poisson(1000, 0.9);
  const std::map<std::string, double> expected_ms{
      {"least-connections", 344}, {"earliest-finish", 44}, {"makespan", 41}, {"regret", 30}};
  for (const auto& [policy, milliseconds] : expected_ms) {
    CAPTURE(policy);
    CHECK(to_seconds(series(scenario, policy).latency_mean) * 1e3 ==
          doctest::Approx(milliseconds).epsilon(0.12));
  }
}

TEST_CASE("policies that know the cost come in the expected order, all before those that do not") {
  const Scenario scenario = test::seed_poisson(1000, 0.9);
  Nanos before{};
  for (const char* policy :
       {"regret", "makespan", "earliest-finish", "least-work", "least-connections", "random"}) {
    CAPTURE(policy);
    const Nanos latency = series(scenario, policy).latency_mean;
    CHECK(latency > before);
    before = latency;
  }
}

TEST_CASE("makespan keeps a batch within 1.12 of the bound where round robin needs 1.6") {
  const Scenario scenario = test::seed_batch(300);
  CHECK(series(scenario, "makespan").ratio_p50 <= 1.12);
  CHECK(series(scenario, "round-robin").ratio_p50 >= 1.6);
}

}  // namespace
}  // namespace finishline::sim
