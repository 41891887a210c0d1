#include "lb/sim/adaptive.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "lb/sim/simulation.h"
#include "tests/unit/sim/scenarios.h"

namespace finishline::sim {
namespace {

Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }

sched::PolicyParams among(std::string_view list) {
  return {.candidates = std::get<std::vector<const sched::PolicyRow*>>(sched::parse_candidates(list))};
}

Adaptive fresh(const Scenario& scenario, std::string_view candidates) {
  return Adaptive(scenario.cost, scenario.servers, {}, among(candidates));
}

/// Lets it hear of requests served as this scenario, under this policy, would have them; counts its changes.
int hear(Adaptive& adaptive, const Scenario& scenario, std::string_view policy, Nanos begin = 0s) {
  const Result result = run_simulation(scenario, *sched::find_policy(policy), {}, 1);
  int changes = 0;
  for (const Assignment& it : result.assignments) {
    adaptive.observe({at(begin + it.request.at), it.request.type, it.request.length, *it.server, it.service});
    changes += adaptive.step(at(begin + it.done));
  }
  return changes;
}

TEST_CASE("it begins with the first candidate and leaves it for one that does clearly better, saying why") {
  const Scenario busy = test::seed_poisson(2000, 0.8);
  Adaptive adaptive = fresh(busy, "round-robin, regret");
  CHECK(adaptive.policy().name == "round-robin");
  CHECK(hear(adaptive, busy, "round-robin") == 1);
  CHECK(adaptive.policy().name == "regret");
  CHECK(adaptive.reason().find(", with round-robin ") != std::string::npos);
  CHECK(adaptive.reason().find("lengths are declared") != std::string::npos);
}

TEST_CASE("it stays with a policy that is as good as any") {
  const Scenario calm = test::seed_poisson(4000, 0.3);
  Adaptive adaptive = fresh(calm, "makespan, earliest-finish, regret");
  CHECK(hear(adaptive, calm, "makespan") == 0);
}

TEST_CASE("it does not act on a handful of requests") {
  const Scenario busy = test::seed_poisson(kNewSamples - 1, 0.9);
  Adaptive adaptive = fresh(busy, "random, regret");
  CHECK(hear(adaptive, busy, "random") == 0);
}

TEST_CASE("a policy stays for a while, however much the traffic changes") {
  const Scenario busy = test::seed_poisson(3000, 0.9);
  Adaptive adaptive = fresh(busy, "random, regret, affinity");
  const Result result = run_simulation(busy, *sched::find_policy("random"), {}, 1);
  Instant changed{};
  for (const Assignment& it : result.assignments) {
    adaptive.observe({at(it.request.at), it.request.type, it.request.length, *it.server, it.service});
    if (!adaptive.step(at(it.done))) continue;
    CHECK(at(it.done) - changed >= kStay);
    changed = at(it.done);
  }
  CHECK(changed != Instant{});
}

TEST_CASE("it goes on from the policy that was in force, and leaves one that is no candidate any more") {
  const Scenario calm = test::seed_poisson(2000, 0.3);
  Adaptive adaptive = fresh(calm, "makespan, regret");
  adaptive.start_with(*sched::find_policy("random"));
  CHECK(adaptive.policy().name == "random");
  hear(adaptive, calm, "makespan");
  CHECK(std::set<std::string_view>{"makespan", "regret"}.contains(adaptive.policy().name));
}

TEST_CASE("servers that are given no work are no part of the model") {
  const Scenario busy = test::seed_poisson(2000, 0.8);
  Adaptive adaptive = fresh(busy, "round-robin, regret");
  for (std::size_t server = 0; server < 3; ++server) adaptive.set_available(server, false);
  CHECK(hear(adaptive, busy, "round-robin") == 0);  // nobody can do anything: all are alike
  for (std::size_t server = 0; server < 3; ++server) adaptive.set_available(server, true);
  CHECK(hear(adaptive, busy, "round-robin", 60s) == 1);
}

TEST_CASE("the same requests lead to the same decisions") {
  const Scenario busy = test::seed_poisson(3000, 0.9);
  CHECK(run_simulation(busy, sched::adaptive(), {}, 3).makespan ==
        run_simulation(busy, sched::adaptive(), {}, 3).makespan);
}

TEST_CASE("requests that took no time tell nothing and do no harm") {
  Scenario scenario = test::seed_batch(1000);
  Adaptive adaptive = fresh(scenario, "makespan, regret");
  for (int i = 0; i < 1000; ++i) {
    adaptive.observe({at(0s), 0, 0, 0, 0ns});
    CHECK_FALSE(adaptive.step(at(i * 10ms)));
  }
}

TEST_CASE(
    "a change of the pool keeps what was seen of servers that stay, and what candidates that stay were "
    "worth") {
  const Scenario busy = test::seed_poisson(2000, 0.8);
  Adaptive adaptive = fresh(busy, "round-robin, regret");
  const Result result = run_simulation(busy, *sched::find_policy("round-robin"), {}, 1);
  std::size_t heard = 0;
  int changes = 0;
  for (const Assignment& it : result.assignments) {
    if (heard % 10 == 0) {  // a reload after every ten requests, which turns the order of the servers round
      Scenario other = busy;
      if (heard % 20 == 0) std::ranges::reverse(other.servers);
      adaptive.change_to(other.cost, other.servers, {}, among("round-robin, regret"));
    }
    const bool turned = heard++ % 20 < 10;
    const std::size_t server = turned ? busy.servers.size() - 1 - *it.server : *it.server;
    adaptive.observe({at(it.request.at), it.request.type, it.request.length, server, it.service});
    changes += adaptive.step(at(it.done)) ? 1 : 0;
  }
  CHECK(changes == 1);
  CHECK(adaptive.policy().name == "regret");
}

TEST_CASE("what was seen of servers that are gone is forgotten") {
  const Scenario busy = test::seed_poisson(kNewSamples * 2, 0.8);
  Adaptive adaptive = fresh(busy, "random, regret");
  for (std::uint32_t i = 0; i < kNewSamples; ++i) adaptive.observe({at(0s), 0, 1, 0, 1ms});
  std::vector<ServerSpec> others = busy.servers;
  for (ServerSpec& server : others) server.number += 100;
  adaptive.change_to(busy.cost, others, {}, among("random, regret"));
  CHECK_FALSE(adaptive.step(at(3600s)));
}

}  // namespace
}  // namespace finishline::sim
