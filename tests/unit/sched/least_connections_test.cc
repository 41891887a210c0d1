#include <doctest/doctest.h>

#include "tests/support/picks.h"

namespace finishline::sched {
namespace {

using test::picks_of;
using Servers = std::set<std::size_t>;

TEST_CASE("least-connections counts requests, not work") {
  test::PoolColumns pool{{1, 1000, 1}, {1, 1, 1}};
  pool.in_flight = {3, 1, 2};
  CHECK(picks_of("least-connections", pool) == Servers{1});
}

TEST_CASE("least-connections leaves equals to chance and ignores servers that cannot") {
  test::PoolColumns pool{{0, 0, 0, kUnavailable}, {1, 1, test::kCannot, 1}};
  pool.in_flight = {4, 4, 0, 0};
  CHECK(picks_of("least-connections", pool) == Servers{0, 1});
}

TEST_CASE("least-connections counts a request less on a server of greater weight, and more in slow start") {
  test::PoolColumns pool{{0, 0, 0}, {1, 1, 1}};
  pool.in_flight = {3, 5, 3};
  pool.weight = {1, 2, 1};
  CHECK(picks_of("least-connections", pool) == Servers{1});
  pool.share = {1, 0.1, 1};
  CHECK(picks_of("least-connections", pool) == Servers{0, 2});
}

TEST_CASE("least-connections asks for the column that it reads") {
  CHECK((find_policy("least-connections")->make({})->inputs() & kInFlight) != 0);
}

}  // namespace
}  // namespace finishline::sched
