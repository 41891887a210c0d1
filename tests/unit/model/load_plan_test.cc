#include "lb/model/load_plan.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <utility>

using namespace finishline;
using namespace finishline::model;

namespace {

Traffic traffic(std::uint64_t requests, std::uint64_t seed = 1) {
  Traffic traffic;
  traffic.weights = {1, 1, 1};
  traffic.requests = requests;
  traffic.seed = seed;
  return traffic;
}

std::vector<PlannedRequest> all_of(const Traffic& traffic) { return list_of(LoadPlan(traffic), 1000000); }

}  // namespace

TEST_CASE("one seed gives one plan, another seed another") {
  CHECK(all_of(traffic(1000, 7)) == all_of(traffic(1000, 7)));
  CHECK(all_of(traffic(1000, 7)) != all_of(traffic(1000, 8)));
}

TEST_CASE("the first requests of a seed are the same in every version: traces of bug reports stay true") {
  const auto plan = all_of(traffic(6, 42));
  const std::array<PlannedRequest, 6> known{
      {{{}, 0, 5}, {{}, 1, 6}, {{}, 0, 9}, {{}, 0, 5}, {{}, 2, 6}, {{}, 0, 8}}};
  for (std::size_t i = 0; i < known.size(); ++i) {
    CHECK(plan[i].type == known[i].type);
    CHECK(plan[i].length == known[i].length);
  }
}

TEST_CASE("types and lengths do not depend on how requests arrive") {
  Traffic closed = traffic(500), open = traffic(500);
  open.arrivals = Arrivals::poisson;
  open.rate = 100;
  const auto a = all_of(closed), b = all_of(open);
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].type == b[i].type);
    CHECK(a[i].length == b[i].length);
  }
}

TEST_CASE("types come in the proportions of the mix, and a weight of 0 never") {
  Traffic mixed = traffic(100000);
  mixed.weights = {0, 3, 1, 0};
  std::array<int, 4> seen{};
  for (const auto& request : all_of(mixed)) ++seen[request.type];
  CHECK(seen[0] == 0);
  CHECK(seen[3] == 0);
  // Five standard deviations of a binomial with p = 3/4.
  CHECK(std::abs(seen[1] - 75000) < 5 * std::sqrt(100000 * 0.75 * 0.25));
}

TEST_CASE("Poisson arrivals have the mean and the spread of an exponential gap") {
  Traffic open = traffic(100000);
  open.arrivals = Arrivals::poisson;
  open.rate = 1000;
  double sum = 0, squares = 0;
  Nanos before{};
  for (const auto& request : all_of(open)) {
    CHECK(request.at >= before);
    const double gap = to_seconds(request.at - std::exchange(before, request.at)) * 1000;
    sum += gap;
    squares += gap * gap;
  }
  CHECK(sum / 100000 == doctest::Approx(1.0).epsilon(0.02));
  CHECK(squares / 100000 == doctest::Approx(2.0).epsilon(0.05));
}

TEST_CASE("uniform arrivals are evenly spaced from time 0") {
  Traffic open = traffic(4);
  open.arrivals = Arrivals::uniform;
  open.rate = 200;
  const auto plan = all_of(open);
  CHECK(plan[0].at == 0ms);
  CHECK(plan[1].at == 5ms);
  CHECK(plan[3].at == 15ms);
}

TEST_CASE("a rate that changes sends as many requests as it says, in each of its stretches") {
  for (const Arrivals arrivals : {Arrivals::uniform, Arrivals::poisson}) {
    Traffic open = traffic(0);
    open.arrivals = arrivals;
    open.pace = Pace({{10s, 1000, 1000}, {10s, 0, 4000}, {5s, 0, 0}, {10s, 100, 100}});
    std::array<double, 4> come{};
    Nanos before{};
    for (const auto& request : all_of(open)) {
      CHECK(request.at >= std::exchange(before, request.at));
      ++come[open.pace->stretch_at(request.at)];
    }
    // Five standard deviations of a Poisson count.
    const std::array<double, 4> wanted{10000, 20000, 0, 1000};
    for (std::size_t i = 0; i < come.size(); ++i)
      CHECK(std::abs(come[i] - wanted[i]) <= (arrivals == Arrivals::uniform ? 1 : 5 * std::sqrt(wanted[i])));
  }
}

TEST_CASE("a pace of one rate is that rate") {
  for (const Arrivals arrivals : {Arrivals::uniform, Arrivals::poisson}) {
    Traffic plain = traffic(1000), paced = traffic(1000);
    plain.arrivals = paced.arrivals = arrivals;
    plain.rate = 100;
    paced.pace = Pace({{60s, 100, 100}});
    const auto a = all_of(plain), b = all_of(paced);
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) CHECK(std::abs((a[i].at - b[i].at).count()) <= 10);
  }
}

TEST_CASE("bursts come together and keep the rate on the whole") {
  Traffic open = traffic(5);
  open.arrivals = Arrivals::burst;
  open.rate = 100;
  open.burst = 2;
  const auto plan = all_of(open);
  CHECK(plan[0].at == 0ms);
  CHECK(plan[1].at == 0ms);
  CHECK(plan[2].at == 20ms);
  CHECK(plan[3].at == 20ms);
  CHECK(plan[4].at == 40ms);
}

TEST_CASE("a burst without a rate is one batch") {
  Traffic open = traffic(100);
  open.arrivals = Arrivals::burst;
  for (const auto& request : all_of(open)) CHECK(request.at == 0ns);
}

TEST_CASE("an open loop ends with its duration, a plan without limits does not end") {
  Traffic open = traffic(0);
  open.arrivals = Arrivals::uniform;
  open.rate = 100;
  open.duration = 1s;
  CHECK(all_of(open).size() == 100);
  CHECK_FALSE(LoadPlan(open).size().has_value());
  CHECK(list_of(LoadPlan(traffic(0)), 5000).size() == 5000);
}

TEST_CASE("lengths are cut at what the other side takes") {
  Traffic cut = traffic(1000);
  cut.max_length = 4;
  std::uint32_t longest = 0;
  for (const auto& request : all_of(cut)) longest = std::max(longest, request.length);
  CHECK(longest == 4);
}

TEST_CASE("a copy goes on from where the original stood") {
  LoadPlan plan(traffic(100));
  for (int i = 0; i < 40; ++i) plan.next();
  LoadPlan copy = plan;
  for (int i = 0; i < 61; ++i) CHECK(plan.next() == copy.next());
}

TEST_CASE("rows are replayed as they are") {
  const std::vector<PlannedRequest> rows{{0ms, 2, 5}, {3ms, 0, 1}};
  LoadPlan plan(rows);
  CHECK(plan.size() == 2U);
  CHECK(list_of(plan, 10) == rows);
}
