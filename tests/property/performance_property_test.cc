// The performance of schedules that exist: nobody is better than the possible best, whatever span is looked
// at, and nothing that is said is not a number.
#include "lb/sim/performance.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>

#include "lb/sim/simulation.h"
#include "tests/unit/sim/scenarios.h"
#include "tests/unit/sim/served.h"

using namespace finishline;
using namespace finishline::sim;

namespace {

/// Services are whole microseconds, as in records.
constexpr double kTolerance = 1e-3;

Scenario any_scenario() {
  const auto requests = static_cast<std::uint64_t>(*rc::gen::inRange(1, 300));
  Scenario scenario = *rc::gen::arbitrary<bool>()
                          ? test::seed_batch(requests)
                          : test::seed_poisson(requests, *rc::gen::element(0.3, 0.7, 0.95, 1.5));
  for (ServerSpec& server : scenario.servers) server.slots = *rc::gen::inRange(1U, 3U);
  scenario.slowness = {*rc::gen::element(0.5, 1.0, 3.0), 1.0, 1.0};
  scenario.round_trip = *rc::gen::element(Nanos(0), Nanos(200us));
  scenario.noise = *rc::gen::element(0.0, 0.4);
  return scenario;
}

ServedWork any_work(const Scenario& scenario) {
  const auto policies = sched::policies();
  const sched::PolicyRow* row = nullptr;
  do {
    row = &policies[static_cast<std::size_t>(*rc::gen::inRange<int>(0, static_cast<int>(policies.size())))];
  } while (!row->frames);
  const auto seed = *rc::gen::inRange<std::uint64_t>(1, 1000);
  return test::served_work(scenario, run_simulation(scenario, *row, {}, seed));
}

void check_sane(const Performance& it) {
  for (const auto& ratio : {it.window, it.busy}) {
    RC_ASSERT(!ratio || std::isfinite(*ratio));
    RC_ASSERT(!ratio || *ratio >= 1 - kTolerance);
  }
  RC_ASSERT(!it.idle_share || (*it.idle_share >= 0 && *it.idle_share <= 1));
  RC_ASSERT(it.busy_time <= it.makespan);
}

}  // namespace

TEST_CASE("no policy is better than the possible best") {
  CHECK(rc::check("over all that came", [] {
    const Performance it = performance_of(any_work(any_scenario()));
    RC_ASSERT(it.window.has_value());
    check_sane(it);
  }));
}

TEST_CASE("from any moment on no policy is better than the possible best") {
  CHECK(rc::check("over what was left and came", [] {
    Scenario scenario = any_scenario();
    scenario.round_trip = 0ns;  // else what is left at that moment is known up to a travel
    ServedWork work = any_work(scenario);
    work.from = work.samples.front().received_at + *rc::gen::inRange(0, 2000) * 1ms;
    check_sane(performance_of(work));
  }));
}

TEST_CASE("with servers as declared the ratio is the one that the simulator tells") {
  CHECK(rc::check("over all that came", [] {
    Scenario scenario = test::seed_batch(static_cast<std::uint64_t>(*rc::gen::inRange(1, 200)));
    const auto seed = *rc::gen::inRange<std::uint64_t>(1, 1000);
    const Result result = run_simulation(scenario, *sched::find_policy("makespan"), {}, seed);
    const Performance it = performance_of(test::served_work(scenario, result));
    RC_ASSERT(std::abs(*it.window - result.ratio()) < kTolerance);
    RC_ASSERT(*it.busy == *it.window);
  }));
}
