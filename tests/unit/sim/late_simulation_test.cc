// Late binding as the design's own simulation had it, and what must hold in every run. Seeds are fixed, so
// each figure is the same in every run; the bands around the design's figures are the spread of its 4 to 60
// seeds.
#include "lb/sim/late_simulation.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "tests/unit/sim/scenarios.h"

namespace finishline::sim {
namespace {

using sched::WaitOrder;

LateBindingParams late(WaitOrder order, std::uint32_t workers = 1) {
  return {.rule = {.order = order}, .workers = workers};
}

double mean_ratio(const Scenario& scenario, const LateBindingParams& binding, std::uint64_t seeds) {
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) sum += run_late(scenario, binding, seed).ratio();
  return sum / static_cast<double>(seeds);
}

double mean_ms(const Scenario& scenario, const LateBindingParams& binding, std::uint64_t seeds) {
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) sum += run_late(scenario, binding, seed).mean_latency();
  return 1e3 * sum / static_cast<double>(seeds);
}

/// Each was answered once, by a server that had time for it: the work of no server overlaps.
void check_sound(const Result& result, const Scenario& scenario) {
  std::vector<std::vector<std::pair<Nanos, Nanos>>> spans(scenario.servers.size());
  for (const Assignment& it : result.assignments) {
    REQUIRE(it.server);
    CHECK(it.done - it.service - scenario.round_trip / 2 >= it.request.at);
    spans[*it.server].emplace_back(it.done - it.service, it.done);
  }
  for (auto& of_server : spans) {
    std::sort(of_server.begin(), of_server.end());
    for (std::size_t i = 1; i < of_server.size(); ++i) CHECK(of_server[i].first >= of_server[i - 1].second);
  }
}

TEST_CASE("a batch of 300 takes hardly longer than its lower bound, as in the design's simulation") {
  Scenario scenario = test::seed_batch(300);
  scenario.round_trip = 100us;
  CHECK(mean_ratio(scenario, late(WaitOrder::balanced), 30) == doctest::Approx(1.003).epsilon(0.003));
  CHECK(mean_ratio(scenario, late(WaitOrder::shortest), 30) == doctest::Approx(1.012).epsilon(0.003));
  CHECK(mean_ratio(scenario, late(WaitOrder::longest), 30) == doctest::Approx(1.001).epsilon(0.003));
}

TEST_CASE("of 10,000 requests at 90 % load each stays as long as in the design's simulation") {
  Scenario scenario = test::seed_poisson(10000, 0.9);
  scenario.round_trip = 100us;
  CHECK(mean_ms(scenario, late(WaitOrder::balanced), 4) == doctest::Approx(19).epsilon(0.1));
  CHECK(mean_ms(scenario, late(WaitOrder::shortest), 4) == doctest::Approx(17).epsilon(0.1));
}

TEST_CASE("at half load late binding costs nothing against early binding") {
  const Scenario scenario = test::seed_poisson(3000, 0.5);
  const double early = 1e3 * run_simulation(scenario, *sched::find_policy("makespan"), {}, 1).mean_latency();
  CHECK(mean_ms(scenario, late(WaitOrder::balanced), 1) < 1.03 * early);
  CHECK(mean_ms(scenario, late(WaitOrder::shortest), 1) < 1.03 * early);
}

TEST_CASE("every request is answered once, in every order, by any number of workers, over any way") {
  for (const WaitOrder order : {WaitOrder::balanced, WaitOrder::shortest, WaitOrder::longest}) {
    for (const std::uint32_t workers : {1U, 2U, 7U}) {
      for (const Nanos round_trip : {0us, 100us, 1000us}) {
        Scenario scenario = test::seed_poisson(400, 0.95);
        scenario.round_trip = round_trip;
        scenario.noise = 0.3;
        const Result result = run_late(scenario, late(order, workers), 3);
        CHECK(result.assignments.size() == 400);
        CHECK(result.ratio() >= 1.0);
        check_sound(result, scenario);
      }
    }
  }
}

TEST_CASE("several workers are as good as one, although they see only each other's heads") {
  Scenario batch = test::seed_batch(300), busy = test::seed_poisson(5000, 0.9);
  batch.round_trip = busy.round_trip = 100us;
  for (const std::uint32_t workers : {2U, 4U, 8U}) {
    CAPTURE(workers);
    CHECK(mean_ratio(batch, late(WaitOrder::balanced, workers), 10) <
          1.005 * mean_ratio(batch, late(WaitOrder::balanced), 10));
    CHECK(mean_ms(busy, late(WaitOrder::shortest, workers), 3) <
          1.03 * mean_ms(busy, late(WaitOrder::shortest), 3));
  }
}

TEST_CASE("wrong lengths and a long way are covered by the mark") {
  Scenario scenario = test::seed_batch(300);
  scenario.noise = 0.3;
  scenario.round_trip = 1ms;
  LateBindingParams small = late(WaitOrder::longest);
  small.mark = 200us;
  CHECK(mean_ratio(scenario, small, 5) > 1.05);
  CHECK(mean_ratio(scenario, late(WaitOrder::longest), 5) < 1.015);
}

/// Mean over ten worlds: a batch of 300, after so many other requests, with wrong costs against the same with
/// true ones.
double loss_by_wrong_costs(const LateBindingParams& told_wrong, std::size_t before) {
  double loss = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Scenario scenario = test::seed_batch(before + 300);
    scenario.noise = 0.4;
    std::vector<SimRequest> requests = requests_of(scenario, seed);
    for (std::size_t i = before; i < requests.size(); ++i) requests[i].at = 20s;
    const auto makespan = [&](const LateBindingParams& binding) {
      return to_seconds(play_late(scenario, requests, binding, seed).makespan - 20s);
    };
    loss += makespan(told_wrong) / makespan(late(WaitOrder::balanced)) / 10;
  }
  return loss;
}

TEST_CASE("wrong costs are learned: after 300 replies a batch takes as long as with true ones") {
  LateBindingParams binding = late(WaitOrder::balanced);
  binding.wrong = 0.7;
  CHECK(loss_by_wrong_costs(binding, 300) > 1.08);
  binding.learn = true;
  CHECK(loss_by_wrong_costs(binding, 300) < 1.05);
}

TEST_CASE("learning loses nothing where costs are true") {
  LateBindingParams binding = late(WaitOrder::balanced);
  binding.learn = true;
  CHECK(loss_by_wrong_costs(binding, 300) < 1.02);
}

TEST_CASE("the same seed gives the same run, another seed another") {
  const Scenario scenario = test::seed_poisson(300, 0.9);
  const auto times = [&](std::uint64_t seed) {
    std::vector<Nanos> done;
    for (const Assignment& it : run_late(scenario, late(WaitOrder::shortest, 3), seed).assignments)
      done.push_back(it.done);
    return done;
  };
  CHECK(times(5) == times(5));
  CHECK(times(5) != times(6));
}

TEST_CASE("two slots do twice the work of one in the same time") {
  Scenario one = test::seed_batch(300), two = test::seed_batch(300);
  for (auto& server : two.servers) server.slots = 2;
  const double speedup = to_seconds(run_late(one, late(WaitOrder::longest), 1).makespan) /
                         to_seconds(run_late(two, late(WaitOrder::longest), 1).makespan);
  CHECK(speedup == doctest::Approx(2.0).epsilon(0.03));
}

TEST_CASE("what no server can do is refused and waits nowhere") {
  Scenario scenario = test::seed_batch(0);
  const RequestType live = scenario.cost.add_request_type("live", 'L');
  scenario.trace = {{0ms, 0, 5}, {1ms, live, 100}};
  const Result result = run_late(scenario, late(WaitOrder::balanced), 1);
  CHECK(result.refused == 1);
  CHECK(result.makespan == 5ms);
}

TEST_CASE("overload starves no type: each is served as it comes") {
  Scenario scenario = test::seed_poisson(6000, 1.3);
  scenario.traffic.weights = {1, 1, 0.05};
  const Result result = run_late(scenario, late(WaitOrder::shortest), 1);
  std::map<RequestType, Nanos> longest;
  Nanos last{};
  for (const Assignment& it : result.assignments) {
    longest[it.request.type] = std::max(longest[it.request.type], it.latency());
    last = std::max(last, it.done);
  }
  for (const auto& [type, latency] : longest) CHECK(latency < last / 2);
}

}  // namespace
}  // namespace finishline::sim
