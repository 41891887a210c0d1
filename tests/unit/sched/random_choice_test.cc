#include <doctest/doctest.h>

#include <map>

#include "lb/sched/random_choice.h"
#include "tests/support/picks.h"

namespace finishline::sched {
namespace {

TEST_CASE("random gives every server that can the same share, and the others none") {
  const test::PoolColumns pool{{0, 99, kUnavailable, 5, 1}, {1, 50, 1, 7, test::kCannot}};
  std::map<std::size_t, int> count;
  Random random(11);
  for (int i = 0; i < 3000; ++i) ++count[*RandomChoice().pick(pool.view(), {0, 1, 0}, random)];
  REQUIRE(count.size() == 3);
  for (const std::size_t server : {0, 1, 3}) {
    CHECK(count[server] > 850);
    CHECK(count[server] < 1150);
  }
}

TEST_CASE("random numbers stay below their bound and reach all of it") {
  Random random(5);
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.below(7));
  CHECK(seen.size() == 7);
  CHECK(*seen.rbegin() == 6);
}

}  // namespace
}  // namespace finishline::sched
