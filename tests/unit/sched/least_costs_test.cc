#include "lb/sched/least_costs.h"

#include <doctest/doctest.h>

#include "proto/cost_model.h"

using namespace finishline;
using namespace finishline::sched;

namespace {

/// For one type: one near server that needs 4 ms a unit, one that is 6 ms away and needs 2 ms.
LeastCosts near_and_fast() {
  LeastCosts least;
  least.reset(2);
  least.add(0, 4e6, 0s);
  least.add(0, 2e6, 6ms);
  return least;
}

}  // namespace

TEST_CASE("a short request is done soonest near by, a long one where it is fast") {
  const LeastCosts least = near_and_fast();
  CHECK(least.service(0, 1) == 4ms);
  CHECK(least.service(0, 3) == 12ms);
  CHECK(least.service(0, 10) == 26ms);
  CHECK(least.tier(0, 1, 4e6, 0s) == 1);
  CHECK(least.tier(0, 1, 2e6, 6ms) == 2);
  CHECK(least.tier(0, 10, 4e6, 0s) > 1.5);
  CHECK(least.tier(0, 10, 2e6, 6ms) == 1);
  CHECK(least.per_unit(0) == 2e6);
}

TEST_CASE("where all are equally far the costs alone tell them apart, whatever the length") {
  LeastCosts least;
  least.reset(1);
  least.add(0, 2e6, 6ms);
  CHECK(least.tier(0, 0, 6e6, 6ms) == 3);
  CHECK(least.tier(0, 7, 6e6, 6ms) == 3);
}

TEST_CASE("a request without a length is as one of a unit, and what nobody can do costs nothing") {
  const LeastCosts least = near_and_fast();
  CHECK(least.tier(0, 0, 2e6, 6ms) == 2);
  CHECK(least.service(1, 5) == 0s);
  CHECK(least.per_unit(1) == std::numeric_limits<double>::infinity());
}

TEST_CASE("who is gone is forgotten") {
  LeastCosts least = near_and_fast();
  least.reset(2);
  least.add(0, 2e6, 6ms);
  CHECK(least.service(0, 1) == 8ms);
  CHECK(least.tier(0, 1, 2e6, 6ms) == 1);
}
