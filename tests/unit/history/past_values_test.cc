#include "lb/history/past_values.h"

#include <doctest/doctest.h>

#include <vector>

using namespace finishline::history;

namespace {

constexpr std::int64_t kNow = 1'790'000'000 / 900 * 900;
constexpr const Tier& kMinutes = kTiers[1];
constexpr const Tier& kQuarters = kTiers[2];

PastValues every(std::int64_t step, std::int64_t from, std::vector<double> values) {
  PastValues past{.series = "pool.media.rate", .step = step};
  for (const double value : values) {
    past.values.push_back({from, value});
    from += step;
  }
  return past;
}

}  // namespace

TEST_CASE("a value holds for its step, and a slot has the mean of what it covers") {
  const auto hourly = slots_of(every(3600, kNow - 7200, {4, 8}), kQuarters, kNow);
  REQUIRE(hourly.size() == 8);
  CHECK(hourly.front().start == kNow - 7200);
  CHECK(hourly[3].value == 4);
  CHECK(hourly[4].value == 8);
  const auto fine = slots_of(every(300, kNow - 900, {1, 2, 6}), kQuarters, kNow);
  REQUIRE(fine.size() == 1);
  CHECK(fine[0].value == 3);
  const auto askew = slots_of(every(90, kNow - 180, {2, 8}), kMinutes, kNow);
  REQUIRE(askew.size() == 3);
  CHECK(askew[1].value == 5);  // half of either
}

TEST_CASE("nothing is made up where nothing was measured, nor of what is not over, too old or elsewhere") {
  PastValues gap = every(60, kNow - 600, {1, 1});
  gap.values.push_back({kNow - 120, 7});
  CHECK(slots_of(gap, kMinutes, kNow).size() == 3);
  CHECK(slots_of(gap, kQuarters, kNow).empty());  // covered by less than half
  CHECK(slots_of(every(3600, kNow - 1800, {1}), kQuarters, kNow).size() == 2);
  CHECK(slots_of(every(3600, kNow - 1800, {1}), kQuarters, kNow - 1).size() == 1);
  CHECK(slots_of(every(3600, kNow - 800 * kDay, {1}), kQuarters, kNow).empty());
  PastValues piece = every(3600, kNow - 7200, {4, 8});
  piece.from = kNow - 3600;
  CHECK(slots_of(piece, kQuarters, kNow).size() == 4);
  piece.to = kNow - 2700;
  CHECK(slots_of(piece, kQuarters, kNow).size() == 1);
}
