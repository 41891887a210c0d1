// Series with a known shape, for the tests of forecasts.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "lb/forecast/series.h"
#include "lb/sched/random.h"

namespace finishline::test {

inline constexpr std::int64_t kMonday = 1767571200;  // 5 January 2026, 00:00 UTC

/// Hours with a daily wave around 100, quiet weekends, and noise of this deviation, or so, in per cent.
inline forecast::Series hourly(std::size_t days, double noise = 0, std::uint64_t seed = 1) {
  forecast::Series series{kMonday, 3600, {}};
  sched::Random random(seed);
  for (std::size_t hour = 0; hour < 24 * days; ++hour) {
    const double wave = 1 + 0.5 * std::sin(2 * std::numbers::pi * static_cast<double>(hour % 24) / 24);
    const bool weekend = hour / 24 % 7 >= 5;
    const double shaken = 1 + noise / 100 * 3.4 * (random.unit() - 0.5);
    series.values.push_back(100 * wave * (weekend ? 0.6 : 1) * shaken);
  }
  return series;
}

inline forecast::Series constant(std::size_t steps, double value) {
  return {kMonday, 3600, std::vector<double>(steps, value)};
}

}  // namespace finishline::test
