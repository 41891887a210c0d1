#include "lb/sim/recorded_day.h"

#include <doctest/doctest.h>

#include <numeric>

namespace finishline::sim {
namespace {

forecast::Series hours(std::size_t count, double value) {
  return {.begin_s = 0, .step_s = kRecordedStep, .values = std::vector<double>(count * 12, value)};
}

TEST_CASE(
    "the last day of a series is played at the rate that is asked for, and the past is stretched alike") {
  forecast::Series series = hours(72, 100);
  std::fill(series.values.end() - 288, series.values.end(), 50.0);
  const auto day = recorded_day(series, 2, 1);
  REQUIRE(day);
  CHECK(day->first_step == 576);
  CHECK(day->load[0].size() == 864);
  CHECK(day->load[0].back() == doctest::Approx(2));
  CHECK(day->load[0].front() == doctest::Approx(4));
  CHECK(std::accumulate(day->load[1].begin(), day->load[1].end(), 0.0) == 0);
}

TEST_CASE("a series that is too short, or ends with nothing, is no day") {
  CHECK(!recorded_day(hours(47, 1), 2, 1));
  forecast::Series series = hours(72, 1);
  std::fill(series.values.end() - 288, series.values.end(), 0.0);
  CHECK(!recorded_day(series, 2, 1));
}

}  // namespace
}  // namespace finishline::sim
