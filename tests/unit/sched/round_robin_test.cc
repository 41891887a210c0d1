#include <doctest/doctest.h>

#include "lb/sched/round_robin.h"
#include "tests/support/picks.h"

namespace finishline::sched {
namespace {

using test::kCannot;

/// The servers of `count` picks in a row, each carried out.
std::vector<std::size_t> turns(Policy& policy, const test::PoolColumns& pool, int count) {
  Random random(3);
  std::vector<std::size_t> servers;
  for (int i = 0; i < count; ++i) {
    servers.push_back(policy.pick(pool.view(), {0, 1, 0}, random).value());
    policy.picked(servers.back());
  }
  return servers;
}

TEST_CASE("round-robin gives every server the same number of turns, in order") {
  RoundRobin policy;
  const auto servers = turns(policy, {{9, 0, 5, 2}, {1, 2, 3, 4}}, 400);
  for (std::size_t i = 1; i < servers.size(); ++i) CHECK(servers[i] == (servers[i - 1] + 1) % 4);
}

TEST_CASE("round-robin passes over servers that cannot and shares their turns' work in order") {
  RoundRobin policy;
  for (const std::size_t server : turns(policy, {{0, kUnavailable, 0, 0}, {1, 1, kCannot, 1}}, 50)) {
    CHECK((server == 0 || server == 3));
  }
}

TEST_CASE("round-robin gives the same server again until a pick is carried out") {
  RoundRobin policy;
  Random random(3);
  const test::PoolColumns pool{{0, 0, 0}, {1, 1, 1}};
  const auto first = policy.pick(pool.view(), {0, 1, 0}, random).value();
  CHECK(policy.pick(pool.view(), {0, 1, 0}, random) == first);
  policy.picked(first);
  CHECK(policy.pick(pool.view(), {0, 1, 0}, random) == (first + 1) % 3);
}

TEST_CASE("round-robin of several workers does not begin at one server") {
  CHECK(test::picks_of("round-robin", {{0, 0, 0}, {1, 1, 1}}) == std::set<std::size_t>{0, 1, 2});
}

TEST_CASE("round-robin goes on in a pool that has shrunk") {
  RoundRobin policy;
  policy.picked(7);
  Random random(3);
  CHECK(policy.pick(test::PoolColumns{{0, 0}, {1, 1}}.view(), {0, 1, 0}, random) == 0);
}

}  // namespace
}  // namespace finishline::sched
