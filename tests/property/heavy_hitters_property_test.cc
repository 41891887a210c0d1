// Space-Saving keeps its promises for any stream of keys, also while it fades.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>
#include <vector>

#include "lb/model/heavy_hitters.h"

using finishline::model::HeavyHitters;

namespace {

constexpr double kRounding = 1e-6;

/// What really came.
struct Truth {
  std::map<int, double> weights;
  double total = 0;

  void add(int key) { weights[key] += 1, total += 1; }
  void fade(double factor) {
    for (auto& [key, weight] : weights) weight *= factor;
    total *= factor;
  }
};

/// Many of a few, few of many.
rc::Gen<std::vector<int>> keys() {
  return rc::gen::container<std::vector<int>>(
      rc::gen::oneOf(rc::gen::inRange(0, 4), rc::gen::inRange(0, 200)));
}

}  // namespace

TEST_CASE("an estimate is never too low, and too high by its error at most, which is a share of all") {
  CHECK(rc::check([] {
    const auto most = static_cast<std::size_t>(*rc::gen::inRange(1, 20));
    HeavyHitters<int> summary(most);
    Truth truth;
    int n = 0;
    const double factor = *rc::gen::element(1.0, 0.9, 0.5);
    for (const int key : *keys()) {
      summary.add(key);
      truth.add(key);
      if (++n % 16 == 0) summary.fade(factor), truth.fade(factor);
    }
    for (const auto& it : summary.top(most)) {
      RC_ASSERT(it.estimate >= truth.weights[it.key] - kRounding);
      RC_ASSERT(it.estimate <= truth.weights[it.key] + it.error + kRounding);
      RC_ASSERT(it.error <= truth.total / static_cast<double>(most) + kRounding);
    }
    RC_ASSERT(summary.total() <= truth.total + kRounding);
  }));
}

TEST_CASE("whoever weighs more than its share of the counters has one") {
  CHECK(rc::check([] {
    const auto most = static_cast<std::size_t>(*rc::gen::inRange(1, 20));
    HeavyHitters<int> summary(most);
    Truth truth;
    for (const int key : *keys()) summary.add(key), truth.add(key);
    for (const auto& [key, weight] : truth.weights)
      if (weight > truth.total / static_cast<double>(most)) RC_ASSERT(summary.estimate_of(key) >= weight);
  }));
}

TEST_CASE("with a counter for each all is exact, and the largest comes first") {
  HeavyHitters<int> summary(3);
  for (const int key : {7, 7, 9, 8, 7, 8}) summary.add(key);
  const auto top = summary.top(2);
  REQUIRE(top.size() == 2);
  CHECK(top[0].key == 7);
  CHECK(top[0].estimate == 3);
  CHECK(top[0].error == 0);
  CHECK(top[1].key == 8);
}

TEST_CASE("who has faded is forgotten, and its counter is free") {
  HeavyHitters<int> summary(2);
  summary.add(1, 100);
  summary.add(2, 1);
  summary.fade(0.5, 1);
  CHECK(summary.estimate_of(2) == 0);
  CHECK(summary.estimate_of(1) == 50);
  summary.add(3, 2);
  CHECK(summary.top(2)[1].error == 0);
}
