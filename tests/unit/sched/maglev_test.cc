#include "lb/sched/maglev.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/pool_columns.h"

namespace finishline::sched {
namespace {

TEST_CASE("every server has its share of the places, within a place or two") {
  const auto identity = test::PoolColumns::identities(7);
  const auto table = maglev_table(identity, std::vector<double>(7, 1.0));
  CHECK(table.size() == maglev_places(7));
  for (std::uint32_t server = 0; server < 7; ++server)
    CHECK(std::abs(std::ranges::count(table, server) - static_cast<long>(table.size()) / 7) <= 1);
}

TEST_CASE("weights are shares of the places") {
  const auto identity = test::PoolColumns::identities(2);
  const auto table = maglev_table(identity, std::vector<double>{1, 3});
  CHECK(static_cast<double>(std::ranges::count(table, 1U)) ==
        doctest::Approx(0.75 * static_cast<double>(table.size())).epsilon(0.001));
}

TEST_CASE("the table grows with the pool, and without servers there is none") {
  CHECK(maglev_places(10) == 5003);
  CHECK(maglev_places(600) == 65537);
  CHECK(maglev_places(60000) == 655373);
  CHECK(maglev_table({}, {}).empty());
}

}  // namespace
}  // namespace finishline::sched
