#include "lb/sim/simulation.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "tests/unit/sim/scenarios.h"

namespace finishline::sim {
namespace {

const sched::PolicyRow& policy(std::string_view name) { return *sched::find_policy(name); }

bool same(const Result& a, const Result& b) {
  return std::ranges::equal(a.assignments, b.assignments, [](const Assignment& x, const Assignment& y) {
    return x.request == y.request && x.server == y.server && x.done == y.done;
  });
}

TEST_CASE("a trace by hand ends as it does on paper") {
  Scenario scenario = test::seed_batch(0);
  const RequestType video = *scenario.cost.request_type_of('V'), music = *scenario.cost.request_type_of('M');
  scenario.servers.erase(scenario.servers.begin());  // one video server (0), one music server (1)
  scenario.trace = {{0ms, video, 6},                 // server 0, done at 6
                    {0ms, music, 3},                 // hidden behind the 6: on 1 it costs 3, done at 3
                    {1ms, video, 1},  // on 0 done at 7, on 1 at 3 + 3 = 6, which keeps the latest finish at 6
                    {8ms, music, 2},  // all idle: the earliest completion, on 1
                    {8ms, video, 2}};  // on 0 done at 10: no later than what is booked on 1
  const Result result = run_simulation(scenario, policy("makespan"), {}, 1);
  const std::vector<std::pair<std::size_t, Nanos>> expected{
      {0, 6ms}, {1, 3ms}, {1, 6ms}, {1, 10ms}, {0, 10ms}};
  REQUIRE(result.assignments.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CHECK(result.assignments[i].server == expected[i].first);
    CHECK(result.assignments[i].done == expected[i].second);
  }
  CHECK(result.makespan == 10ms);
  CHECK(result.assignments[4].latency() == 2ms);
}

TEST_CASE("the same seed gives the same run, another seed another") {
  const Scenario scenario = test::seed_poisson(500, 0.9);
  for (const auto& row : sched::policies()) {
    CAPTURE(std::string(row.name));
    const Result once = run_simulation(scenario, row, {}, 7);
    CHECK(same(once, run_simulation(scenario, row, {}, 7)));
    CHECK_FALSE(same(once, run_simulation(scenario, row, {}, 8)));
  }
}

TEST_CASE("every policy is given the same requests under one seed") {
  const Scenario scenario = test::seed_poisson(200, 0.9);
  const auto requests = requests_of(scenario, 3);
  for (const auto& row : sched::policies()) {
    const Result result = run_simulation(scenario, row, {}, 3);
    CHECK(std::ranges::equal(result.assignments, requests, {}, &Assignment::request));
  }
}

TEST_CASE("no policy beats the lower bound, and none lets a server work on two requests at once") {
  const Scenario scenario = test::seed_poisson(300, 0.9);
  for (const auto& row : sched::policies()) {
    CAPTURE(std::string(row.name));
    const Result result = run_simulation(scenario, row, {}, 5);
    CHECK(result.ratio() >= 1.0);
    std::vector<Nanos> free_at(scenario.servers.size());
    for (const Assignment& assignment : result.assignments) {  // first come, first served
      REQUIRE(assignment.server);
      Nanos& free = free_at[*assignment.server];
      CHECK(assignment.done - assignment.service >= std::max(free, assignment.request.at));
      free = assignment.done;
    }
  }
}

TEST_CASE("a request that no server can do is refused and leaves no trace in the makespan") {
  Scenario scenario = test::seed_batch(0);
  const RequestType live = scenario.cost.add_request_type("live", 'L');
  scenario.trace = {{0ms, 0, 5}, {1ms, live, 100}};
  const Result result = run_simulation(scenario, policy("makespan"), {}, 1);
  CHECK(result.refused == 1);
  CHECK_FALSE(result.assignments[1].server);
  CHECK(result.makespan == 5ms);
  CHECK(result.lower_bound <= 5ms);
}

TEST_CASE("counts by server and type add up to the requests that were answered") {
  const Scenario scenario = test::seed_batch(300);
  const Result result = run_simulation(scenario, policy("random"), {}, 1);
  std::uint64_t sum = 0;
  for (const auto& by_type : counts_of(result, scenario)) {
    for (const std::uint64_t count : by_type) sum += count;
  }
  CHECK(sum == 300);
}

TEST_CASE("two slots do twice the work of one in the same time") {
  Scenario one = test::seed_batch(200), two = test::seed_batch(200);
  one.traffic.lengths = two.traffic.lengths = std::get<model::LengthLaw>(model::LengthLaw::parse("const:4"));
  for (auto& server : two.servers) server.slots = 2;
  const auto& rule = policy("makespan");
  const double speedup = to_seconds(run_simulation(one, rule, {}, 1).makespan) /
                         to_seconds(run_simulation(two, rule, {}, 1).makespan);
  CHECK(speedup == doctest::Approx(2.0).epsilon(0.05));
}

TEST_CASE("nothing to do takes no time") {
  const Result result = run_simulation(test::seed_batch(0), policy("makespan"), {}, 1);
  CHECK(result.makespan == 0ns);
  CHECK(result.ratio() == 1.0);
}

TEST_CASE("the fractional capacity of the seed set-up is 600 requests a second") {
  // Video and picture on two video servers, music on the music server: 5 ms per three requests of mean
  // length 5.
  CHECK(fractional_capacity(test::seed_batch(1)) == doctest::Approx(600).epsilon(0.01));
}

}  // namespace
}  // namespace finishline::sim
