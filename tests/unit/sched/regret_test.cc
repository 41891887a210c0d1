#include <doctest/doctest.h>

#include "lb/sched/regret.h"
#include "tests/support/picks.h"

namespace finishline::sched {
namespace {

using test::picks_of;
using Servers = std::set<std::size_t>;
constexpr auto kRule = "regret";

TEST_CASE("regret weighs waiting against wasted work by gamma") {
  const test::PoolColumns pool{{0, 12}, {20, 10}};  // done at 20 or at 22, wasted 10 or 0
  CHECK(picks_of(kRule, pool, {.gamma = 0.1}) == Servers{0});
  CHECK(picks_of(kRule, pool, {.gamma = 0.5}) == Servers{1});
}

TEST_CASE("regret prefers the cheaper of two equal scores") {
  const test::PoolColumns pool{{0, 15}, {20, 10}};  // scores with gamma 0.5: 25 and 25
  CHECK(picks_of(kRule, pool, {.gamma = 0.5}) == Servers{1});
}

TEST_CASE("regret leaves full equals to chance") {
  CHECK(picks_of(kRule, {{3, 3, 2}, {5, 5, 9}}) == Servers{0, 1});
}

TEST_CASE("regret does not measure against a cheap server that is unavailable") {
  // Against the 30 of server 2 only server 1 wastes work. Against the 1 of server 0 both would, and with an
  // enormous gamma alike, so that server 1 would win by its completion.
  const test::PoolColumns pool{{kUnavailable, 0, 50}, {1, 40, 30}};
  CHECK(picks_of(kRule, pool, {.gamma = 1e300}) == Servers{2});
}

TEST_CASE("regret with gamma 0 is earliest-finish, draw by draw") {
  Random numbers(99);
  for (int round = 0; round < 500; ++round) {
    test::PoolColumns pool{std::vector<std::int64_t>(6), std::vector<double>(6)};
    for (auto& finish : pool.finish) finish = numbers.below(4);
    for (auto& cost : pool.nanos_per_unit) cost = 1 + numbers.below(3);
    CHECK(test::pick_of(kRule, pool, round, {.gamma = 0}) == test::pick_of("earliest-finish", pool, round));
  }
}

TEST_CASE("regret survives any gamma") {
  CHECK(picks_of(kRule, {{0, 1}, {1e15, 1}}, {.gamma = 1e300}) == Servers{1});
}

}  // namespace
}  // namespace finishline::sched
