// Values that were measured elsewhere become part of the past.
#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "lb/history/timeline.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::history;

namespace {

constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kBegin = 1'790'000'000 / kHour * kHour;  // of what is measured here
constexpr const char* kName = "pool.media.rate";

struct House {
  House() { measure(0, 30); }

  void measure(std::int64_t from, std::int64_t to) {
    for (std::int64_t s = from; s < to; ++s) {
      SeriesSample sample{.time = kBegin + s};
      sample.add(kName, 5);
      timeline.add(sample);
      if (s % 200 == 0) bring(0, 0, 0);  // waits for the disk, for which only so many may wait
    }
  }
  PastOutcome bring(std::int64_t first, std::int64_t hours, double value, Overlap overlap = Overlap::refuse,
                    bool dry = false) {
    PastValues past{.series = kName, .step = kHour};
    for (std::int64_t i = 0; i < hours; ++i) past.values.push_back({kBegin + (first + i) * kHour, value});
    return timeline.bring(std::move(past), overlap, dry).get();
  }
  float at(std::int64_t hours, std::int64_t step) const {
    return timeline.read(kName, timeline.plan(kBegin + hours * kHour, kBegin + hours * kHour + step, step))
        .values.front();
  }

  test::TempDir dir;
  Timeline timeline{dir.file("")};
};

}  // namespace

TEST_CASE("what was measured elsewhere is known in every tier that reaches so far back") {
  House house;
  const PastOutcome outcome = house.bring(-24 * 60, 24 * 60, 40);
  CHECK(outcome.problem.empty());
  CHECK(outcome.from == kBegin - 60 * kDay);
  CHECK(outcome.to == kBegin);
  CHECK(outcome.overlap_s == 0);
  CHECK(house.at(-2, 10) == 40);
  CHECK(house.at(-24 * 7, 60) == 40);
  CHECK(house.at(-24 * 50, 900) == 40);
  CHECK(house.at(-24 * 50, kHour) == 40);
}

TEST_CASE("what is known otherwise is not overwritten unless that is asked for") {
  House house;
  house.measure(30, 2 * kHour);  // of which the second is not over
  REQUIRE(house.bring(-4, 4, 40).overlap_s == 0);
  CHECK(house.bring(-4, 4, 40).overlap_s == 0);  // once more changes nothing

  const PastOutcome refused = house.bring(-1, 2, 9);
  CHECK(refused.overlap_from == kBegin - kHour);
  CHECK(refused.overlap_s == 2 * kHour);
  CHECK(house.at(-1, 900) == 40);
  CHECK(house.at(0, 900) == 5);

  CHECK(house.bring(-1, 2, 9, Overlap::replace, /*dry=*/true).overlap_s == 2 * kHour);
  CHECK(house.at(0, 900) == 5);
  house.bring(-6, 6, 9, Overlap::keep);
  CHECK(house.at(-6, 900) == 9);
  CHECK(house.at(-1, 900) == 40);
  house.bring(-1, 2, 9, Overlap::replace);
  CHECK(house.at(-1, 900) == 9);
  CHECK(house.at(0, 900) == 9);
}

TEST_CASE("what is measured meanwhile goes on in the same block, and both outlive the process") {
  const test::TempDir dir;
  {
    Timeline timeline(dir.file(""));
    const auto measure = [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t s = from; s < to; ++s) {
        SeriesSample sample{.time = kBegin + s};
        sample.add(kName, 5);
        timeline.add(sample);
      }
    };
    measure(200, 300);
    PastValues past{.series = kName, .step = 60};
    for (std::int64_t at = -600; at < 120; at += 60) past.values.push_back({kBegin + at, 40});
    CHECK(timeline.bring(std::move(past), Overlap::refuse, false).get().overlap_s == 0);
    measure(300, 400);
  }
  Timeline timeline(dir.file(""));
  SeriesSample later{.time = kBegin + 2000};
  timeline.add(later);
  const auto values = timeline.read(kName, timeline.plan(kBegin - 60, kBegin + 420, 60)).values;
  REQUIRE(values.size() == 8);
  CHECK(values[0] == 40);
  CHECK(values[2] == 40);
  CHECK(std::isnan(values[3]));
  CHECK(values[5] == 5);
  CHECK(values[6] == 5);
}
