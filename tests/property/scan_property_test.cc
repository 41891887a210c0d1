// The scans with vectors against the plain one: the same answers from every pass, on columns of every size
// around the width of a vector and of a block, and from the whole rule built of them.
#include "lb/sched/scan.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <ostream>

#include "tests/support/pool_columns.h"

namespace finishline::sched {
namespace {

struct Columns {
  test::PoolColumns pool;
  Instant now;

  PoolView view() const {
    PoolView view = pool.view();
    view.now = now;
    return view;
  }
};

/// What the columns are made of; few different values make ties, in cost, finish and completion.
struct Kind {
  std::uint32_t finishes;  // how many different finish times
  std::uint32_t costs;     // how many different costs
  std::int64_t step;       // between finish times, ns
  double cost_step;
  std::uint32_t unable;  // one in so many cannot
  std::uint32_t down;    // one in so many is unavailable
};

constexpr Kind kKinds[] = {
    {1, 1, 0, 1e6, 1000000, 1000000},               // idle and alike
    {4, 3, 1, 1, 5, 5},                             // ties at every level
    {1000, 3, 999983, 1e6, 9, 9},                   // busy
    {3, 1000000, 1, 1e-3, 9, 9},                    // costs whose service times round to the same
    {100000, 4, std::int64_t{1} << 35, 1e5, 9, 9},  // days ahead
    {9, 5, 1000, 1e290, 9, 9},                      // held to kMaxServiceTime
    {5, 5, 7, 1, 1, 3},                             // none can
    {5, 5, 7, 1, 3, 1},                             // none takes work
};

Columns columns_of(const Kind& kind, std::size_t size, Random& random) {
  Columns made{{std::vector<std::int64_t>(size), std::vector<double>(size)},
               Instant(Nanos(static_cast<std::int64_t>(random.next() >> 8)))};
  for (std::size_t i = 0; i < size; ++i) {
    const std::int64_t ahead = kind.step * random.below(kind.finishes);
    const bool down = random.below(kind.down) == 0, unable = random.below(kind.unable) == 0;
    made.pool.finish[i] = down ? kUnavailable : made.now.time_since_epoch().count() + ahead;
    made.pool.nanos_per_unit[i] = unable ? test::kCannot : kind.cost_step * (1 + random.below(kind.costs));
  }
  return made;
}

void compare(const Scan& scan, const PoolView& view, const Job& job) {
  const Scan& plain = scans().front();
  const Load all = plain.load(view, kUnavailable - 1);
  const std::int64_t latest = all.latest, half = latest / 2 + view.now.time_since_epoch().count() / 2;
  for (const std::int64_t limit : {kUnavailable - 1, half}) {
    const Load load = plain.load(view, limit), its = scan.load(view, limit);
    REQUIRE(its.latest == load.latest);
    REQUIRE(its.servers == load.servers);
    REQUIRE(std::abs(its.backlog - load.backlog) <= 1e-9 * load.backlog);  // summed in another order
  }
  REQUIRE(scan.cheapest(view) == plain.cheapest(view));
  REQUIRE(scan.cheapest_by(view, job, latest) == plain.cheapest_by(view, job, latest));
  const double cost = plain.cheapest_soonest(view, job);
  REQUIRE(scan.cheapest_soonest(view, job) == cost);
  if (cost == kNoCost) return;
  const Equals best = plain.earliest(view, cost), its = scan.earliest(view, cost);
  REQUIRE(its.finish == best.finish);
  REQUIRE(its.count == best.count);
  for (std::uint32_t n = 0; n < best.count; n += 1 + best.count / 9)
    REQUIRE(scan.nth(view, cost, best.finish, n) == plain.nth(view, cost, best.finish, n));
}

void compare_all(std::size_t size, Random& random) {
  for (const Kind& kind : kKinds) {
    const Columns columns = columns_of(kind, size, random);
    const Job job{0, random.below(4) == 0 ? 0 : random.below(10), 0};
    for (const Scan& scan : scans()) {
      CAPTURE(size);
      CAPTURE(std::string(scan.instructions));
      CAPTURE(&kind - kKinds);
      compare(scan, columns.view(), job);
    }
  }
}

TEST_CASE("every scan gives the plain one's answers on columns of 0 to 70 servers and of many") {
  Random random(1);
  for (int round = 0; round < 30; ++round)
    for (std::size_t size = 0; size <= 70; ++size) compare_all(size, random);
  for (const std::size_t size : {127, 128, 129, 1000, 4096, 5003}) compare_all(size, random);
}

TEST_CASE("every scan gives the plain one's answers on random columns of any size") {
  CHECK(rc::check("scans agree", [] {
    const auto below = [](int n) { return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, n)); };
    Random random(static_cast<std::uint64_t>(below(1 << 30)));
    compare_all(static_cast<std::size_t>(below(600)), random);
  }));
}

TEST_CASE("a scan of the longest job at the highest cost still finds the server that can") {
  const test::PoolColumns pool{std::vector<std::int64_t>(70, 0), std::vector<double>(70, 1e300)};
  for (const Scan& scan : scans()) CHECK(scan.cheapest_soonest(pool.view(), {0, 0xffffffffU, 0}) == 1e300);
}

}  // namespace
}  // namespace finishline::sched
