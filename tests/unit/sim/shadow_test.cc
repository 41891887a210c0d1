#include "lb/sim/shadow.h"

#include <doctest/doctest.h>

#include "lb/sim/performance.h"
#include "tests/unit/sim/scenarios.h"
#include "tests/unit/sim/served.h"

namespace finishline::sim {
namespace {

ServedWork served(const Scenario& scenario, const char* policy) {
  return test::served_work(scenario, run_simulation(scenario, *sched::find_policy(policy), {}, 1));
}

Shadow shadow(const ServedWork& work, const Contender& who) {
  return shadow_of(replay_of(work), performance_of(work).bound, who, {});
}

}  // namespace

TEST_CASE("the shadow of the policy that was followed did what happened") {
  const ServedWork work = served(test::seed_batch(300), "least-work");
  const Shadow it = shadow(work, *sched::find_policy("least-work"));
  CHECK(it.policy == "least-work");
  CHECK(*it.ratio == doctest::Approx(*performance_of(work).window).epsilon(0.02));  // ties go by chance
  CHECK(*it.regret == doctest::Approx(0).epsilon(0.02));
}

TEST_CASE("a better policy has less than no regret, and late binding least") {
  const ServedWork work = served(test::seed_batch(300), "round-robin");
  const Shadow early = shadow(work, *sched::find_policy("makespan")),
               late = shadow(work, LateBindingParams{});
  CHECK(*early.regret < -0.3);
  CHECK(*early.ratio < 1.2);
  CHECK(*late.ratio < *early.ratio);
  CHECK(*late.ratio >= 1);
  CHECK(early.p50 > 0);
  CHECK(early.p50 <= early.p95);
  CHECK(early.p95 <= early.p99);
  CHECK(early.imbalance >= 0);
  CHECK(early.imbalance < 0.3);
}

TEST_CASE("the latest requests alone begin with what was open then") {
  const ServedWork work = served(test::seed_poisson(400, 0.8), "makespan");
  const ServedWork some = latest(work, 100);
  CHECK(some.samples.size() >= 100);
  CHECK(some.samples.size() < 200);
  CHECK(some.from > Instant{});
  CHECK(latest(some, 1000).samples.size() == some.samples.size());
  CHECK(*performance_of(some).window >= 1 - 1e-6);
}

}  // namespace finishline::sim
