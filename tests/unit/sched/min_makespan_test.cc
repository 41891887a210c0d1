#include <doctest/doctest.h>

#include <map>
#include <vector>

#include "lb/sched/min_makespan.h"
#include "tests/support/picks.h"

namespace finishline::sched {
namespace {

using test::kCannot;
using test::picks_of;
using Servers = std::set<std::size_t>;
constexpr auto kRule = "makespan";

TEST_CASE("makespan takes the server that keeps the latest finish smallest") {
  CHECK(picks_of(kRule, {{10, 4, 9}, {5, 8, 5}}) == Servers{1});  // 15, 12, 14
}

TEST_CASE("makespan hides work behind a busy server, at the lowest cost and not the earliest finish") {
  // Nothing raises the 100 of server 0: server 2 is done later than server 1, but wastes less.
  CHECK(picks_of(kRule, {{100, 40, 80}, {1000, 30, 10}}) == Servers{2});
}

TEST_CASE("makespan counts the finish of a server that cannot do the job") {
  CHECK(picks_of(kRule, {{100, 40, 80}, {kCannot, 30, 10}}) == Servers{2});
}

TEST_CASE("makespan hides no work behind a finish that is far off what the others have before them") {
  CHECK(picks_of(kRule, {{121, 40, 80}, {1000, 30, 10}}) == Servers{1});
  CHECK(picks_of(kRule, {{1'000'000, 2'000'000, 20, 12, 10}, {1, 1, 3, 9, 3}}) ==
        Servers{4});  // by 20: 13 at 3
}

/// The work, in units of time, that each server of a pool is given of a batch of jobs that comes at once.
std::vector<std::int64_t> shares_of(const test::PoolColumns& at_first, std::uint64_t seed) {
  test::PoolColumns pool = at_first;
  std::vector<std::int64_t> given(pool.finish.size(), 0);
  Random random(seed);
  MinMakespan rule;
  for (int n = 0; n < 400; ++n) {
    const Job job{0, 1 + random.below(9), 0};
    const auto to = rule.pick(pool.view(), job, random);
    REQUIRE(to);
    const std::int64_t service = pool.view().service(*to, job);
    if (pool.finish[*to] != kUnavailable) pool.finish[*to] += service;
    given[*to] += service;
  }
  return given;
}

TEST_CASE(
    "makespan lets one finish time, wherever it moves, change for the others no more than its server's own "
    "work") {
  constexpr std::int64_t kJob = 9 * 3;  // the longest at the highest cost
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    test::PoolColumns pool{{}, {}};
    for (std::uint32_t n = 3 + random.below(5); n > 0; --n) {
      pool.finish.push_back(random.below(30));
      pool.nanos_per_unit.push_back(1 + random.below(3));
    }
    pool = test::PoolColumns{pool.finish, pool.nanos_per_unit};
    const std::size_t moved = random.below(static_cast<std::uint32_t>(pool.finish.size()));
    test::PoolColumns without = pool;
    without.finish[moved] = kUnavailable;
    const auto latest_of_others = [&](const test::PoolColumns& at_first) {
      const std::vector<std::int64_t> given = shares_of(at_first, seed);
      std::int64_t latest = 0;
      for (std::size_t i = 0; i < given.size(); ++i)
        if (i != moved) latest = std::max(latest, at_first.finish[i] + given[i]);
      return latest;
    };
    const std::int64_t done_without = latest_of_others(without);
    for (const std::int64_t finish : {0L, 20L, 300L, 3'000L, 1'000'000L, 4'294'967'295'000L, 1L << 61}) {
      CAPTURE(seed);
      CAPTURE(finish);
      pool.finish[moved] = finish;
      // With its server's help, little or much, the others are done no later than without it, but for what
      // the rule allows itself by hiding cheap work behind a server that is busy as they are, and the last
      // job.
      CHECK(latest_of_others(pool) <= done_without * 11 / 10 + 2 * kJob);
    }
  }
}

TEST_CASE("makespan leaves an unavailable server out of the maximum") {
  CHECK(picks_of(kRule, {{kUnavailable, 0, 50}, {1, 30, 10}}) == Servers{1});
}

TEST_CASE("makespan takes the earlier of two equally dear servers under the same maximum") {
  CHECK(picks_of(kRule, {{100, 20, 10}, {1000, 5, 5}}) == Servers{2});
}

TEST_CASE("makespan prefers the cheaper of two servers that raise the maximum alike") {
  CHECK(picks_of(kRule, {{10, 20}, {20, 10}}) == Servers{1});  // both 30
}

TEST_CASE("makespan leaves full equals to chance, each with the same share") {
  const test::PoolColumns pool{{5, 0, 0, 0, 0}, {1, 1, 2, 1, 1}};
  std::map<std::size_t, int> count;
  Random random(7);
  for (int i = 0; i < 3000; ++i) ++count[*MinMakespan().pick(pool.view(), {0, 1, 0}, random)];
  REQUIRE(count.size() == 3);
  for (const std::size_t server : {1, 3, 4}) {
    CHECK(count[server] > 850);
    CHECK(count[server] < 1150);
  }
}

TEST_CASE("makespan draws no chance where there is no tie") {
  Random random(7), untouched(7);
  MinMakespan().pick(test::PoolColumns{{3, 2, 1}, {1, 1, 1}}.view(), {0, 1, 0}, random);
  CHECK(random.next() == untouched.next());
}

TEST_CASE(
    "makespan reads the finish time of a server with slots as it stands, and counts the whole service") {
  // Four slots, backlog 40: finish 10. The job itself is not split: done at 10 + 8, later than 9 + 8.
  test::PoolColumns pool{{10, 9}, {8, 8}};
  pool.slots = {4, 1};
  CHECK(picks_of(kRule, pool) == Servers{1});
}

TEST_CASE("makespan scales the cost by the length of the job") {
  const test::PoolColumns pool{{0, 30}, {3, 1}};
  Random random(1);
  CHECK(MinMakespan().pick(pool.view(), {0, 10, 0}, random) == 0);  // 30 against 40
  CHECK(MinMakespan().pick(pool.view(), {0, 20, 0}, random) == 1);  // 60 against 50
}

TEST_CASE("makespan survives the longest job on the dearest server") {
  const test::PoolColumns pool{{0}, {1e300}};
  Random random(1);
  CHECK(MinMakespan().pick(pool.view(), {0, 0xffffffffU, 0}, random) == 0);
}

TEST_CASE("makespan takes the cheaper server for a job of length 0") {
  const test::PoolColumns pool{{9, 4, 7}, {3, 2, 1}};
  Random random(1);
  CHECK(MinMakespan().pick(pool.view(), {0, 0, 0}, random) == 2);
}

TEST_CASE("makespan treats jobs of length 0 as free and still keeps to the servers that can") {
  const test::PoolColumns pool{{0, 5}, {kCannot, 1}};
  Random random(1);
  CHECK(MinMakespan().pick(pool.view(), {0, 0, 0}, random) == 1);
}

}  // namespace
}  // namespace finishline::sched
