#include "lb/forecast/trusted.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

namespace finishline::forecast {
namespace {

/// A wave a day, in steps of a quarter of an hour.
Series waves(std::size_t days) {
  Series series{.begin_s = 0, .step_s = 900, .values = {}};
  std::uint64_t noise = 1;
  for (std::size_t step = 0; step < days * 96; ++step) {
    noise = noise * 6364136223846793005ULL + 1442695040888963407ULL;
    const double chance = static_cast<double>(noise >> 40) / 16777216.0;
    const double wave = std::sin(2 * std::numbers::pi * static_cast<double>(step) / 96);
    series.values.push_back((100 + 80 * wave) * (0.9 + 0.2 * chance));
  }
  return series;
}

TEST_CASE("a forecast that beats the naive ones is followed, by what is not exceeded four times of five") {
  const Series past = waves(10);
  const auto values = trusted_forecast(past, {}, 24);
  REQUIRE(values);
  REQUIRE(values->size() == 24);
  CHECK((*values)[23] > 150);
  CHECK((*values)[23] < 260);
}

TEST_CASE("four of five values stay below what is told of them") {
  const Series series = waves(24);
  const std::size_t first = 20 * 96, count = 4 * 96 - 4;
  const auto told = trusted_forecasts(series, {}, first, count, 2);
  REQUIRE(told);
  std::size_t below = 0;
  for (std::size_t i = 0; i < count; ++i) below += series.values[first + i] <= (*told)[i][0] ? 1 : 0;
  CHECK(below > count * 7 / 10);
  CHECK(below < count * 9 / 10);
}

TEST_CASE("a short past, or one that only chance moves, is followed by nobody") {
  CHECK(!trusted_forecast(waves(10).part(0, 90), {}, 8));
  Series level{.begin_s = 0, .step_s = 900, .values = std::vector<double>(960, 5.0)};
  CHECK(!trusted_forecast(level, {}, 8));
}

}  // namespace
}  // namespace finishline::forecast
