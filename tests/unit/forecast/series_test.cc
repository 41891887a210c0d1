#include "lb/forecast/series.h"

#include <doctest/doctest.h>

#include "lb/forecast/season.h"
#include "tests/unit/forecast/made_series.h"

namespace finishline::forecast {
namespace {

TEST_CASE("samples of one step become their mean, and a step without any is missing") {
  const std::vector<LoadSample> samples{{60, 1}, {70, 3}, {185, 8}, {130, 5}};
  const Series series = regular(samples, {.step_s = 60});
  REQUIRE(series.size() == 3);
  CHECK(series.begin_s == 60);
  CHECK(series.values[0] == 2);
  CHECK(series.values[1] == 5);
  CHECK(series.values[2] == 8);
  const Series gap = regular(std::vector<LoadSample>{{0, 1}, {180, 2}}, {.step_s = 60});
  REQUIRE(gap.size() == 4);
  CHECK(is_missing(gap.values[1]));
  CHECK(is_missing(gap.values[2]));
}

TEST_CASE("values that are no numbers are not there") {
  const std::vector<LoadSample> samples{{0, kMissing}, {60, 4}, {120, INFINITY}};
  const Series series = regular(samples, {.step_s = 60});
  REQUIRE(series.size() == 1);
  CHECK(series.values[0] == 4);
  CHECK(regular(std::vector<LoadSample>{}, {.step_s = 60}).size() == 0);
}

TEST_CASE("a counter gives its growth per second, also over a new start from 0") {
  const std::vector<LoadSample> readings{{0, 1000}, {60, 1600}, {120, 2200}, {180, 300}, {240, 900}};
  const Series series = regular(readings, {.step_s = 60, .kind = SampleKind::counter});
  CHECK(series.values == std::vector<double>{10, 10, 5, 10});
}

TEST_CASE("when clocks go forward an hour of the day is missing, when they go back one is the mean of two") {
  const auto spring = [](std::int64_t utc) { return utc < 2 * 3600 ? std::int64_t{0} : std::int64_t{3600}; };
  std::vector<LoadSample> samples;
  for (int hour = 0; hour < 5; ++hour) samples.push_back({3600.0 * hour, 10.0 + hour});
  const Series forward = regular(samples, {.step_s = 3600, .clock_offset = spring});
  REQUIRE(forward.size() == 6);
  CHECK(is_missing(forward.values[2]));
  CHECK(forward.values[3] == 12);
  const auto autumn = [](std::int64_t utc) { return utc < 2 * 3600 ? std::int64_t{3600} : std::int64_t{0}; };
  const Series back = regular(samples, {.step_s = 3600, .clock_offset = autumn});
  REQUIRE(back.size() == 4);
  CHECK(back.values == std::vector<double>{10, 11.5, 13, 14});
}

TEST_CASE("a series has an end: what is older than its most steps is left out") {
  std::vector<LoadSample> samples;
  for (int i = 0; i < 100; ++i) samples.push_back({60.0 * i, 1.0 * i});
  const Series series = regular(samples, {.step_s = 60, .most_steps = 10});
  REQUIRE(series.size() == 10);
  CHECK(series.values.front() == 90);
}

TEST_CASE("the usual step is the one between most neighbours") {
  CHECK(usual_step(std::vector<LoadSample>{{0, 1}, {300, 1}, {600, 1}, {1800, 1}, {2100, 1}}) == 300);
  CHECK(usual_step(std::vector<LoadSample>{{5, 1}}) == 1);
}

TEST_CASE("zeros at busy times are an outage, zeros of every night are not") {
  Series busy = test::hourly(14);
  for (std::size_t i = 200; i < 212; ++i) busy.values[i] = 0;
  CHECK(mark_outages(busy) == 12);
  CHECK(is_missing(busy.values[205]));
  Series nightly = test::hourly(14);
  for (std::size_t i = 0; i < nightly.size(); ++i)
    if (i % 24 < 6) nightly.values[i] = 0;
  CHECK(mark_outages(nightly) == 0);
}

TEST_CASE("a short run of zeros is a load like any other") {
  Series series = test::hourly(14);
  series.values[100] = series.values[101] = 0;
  CHECK(mark_outages(series) == 0);
}

TEST_CASE("gaps are closed by the same time of the day before, at the level beside the gap") {
  Series series = test::hourly(4);
  const std::vector<double> whole = series.values;
  for (std::size_t i = 50; i < 60; ++i) series.values[i] = kMissing;
  const std::vector<double> closed = filled(series);
  for (std::size_t i = 50; i < 60; ++i) CHECK(closed[i] == doctest::Approx(whole[i]));
  CHECK(filled(Series{0, 60, {kMissing, 2, kMissing, 4, kMissing}}) == std::vector<double>{2, 2, 3, 4, 4});
  CHECK(filled(Series{0, 60, {kMissing, kMissing}}).empty());
}

TEST_CASE("seasons are counted in whole steps, and need two of their kind") {
  CHECK(steps_in(test::hourly(14), kDay) == 24);
  CHECK(steps_in(test::hourly(14), kWeek) == 168);
  CHECK(steps_in(test::hourly(13), kWeek) == 0);
  CHECK(steps_in(Series{0, 7000, std::vector<double>(500, 1)}, kDay) == 0);
}

TEST_CASE("a season that is there is strong, one that is not is weak") {
  CHECK(strength_of(test::hourly(28), kWeek) > 0.8);
  Series noise = test::hourly(28);
  sched::Random random(3);
  for (double& value : noise.values) value = random.unit();
  CHECK(strength_of(noise, kDay) < 0.3);
  CHECK(strength_of(test::constant(100, 5), kDay) == 0);
}

}  // namespace
}  // namespace finishline::forecast
