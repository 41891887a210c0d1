// Many methods as one forecast: each counts by how little it was wrong lately. Pure.
#pragma once

#include <span>
#include <vector>

#include "lb/forecast/rolling.h"

namespace finishline::forecast {

inline constexpr std::string_view kCombination = "combination";

/// One weight per method, 1 in sum: 1/MAE^2 over the last six of `earlier` whose horizons were over at
/// `now_at` and do not overlap; methods that were wrong by half as much again as the best have none. All
/// alike where there is no such origin.
std::vector<double> weights_at(const Series& series, std::span<const Origin> earlier, std::size_t now_at);

/// The weighted mean of the middle half of the forecasts at each step (of their weight): a method that was
/// good lately and is far from all others now is not followed.
std::vector<double> combined(const Origin& origin, std::span<const double> weights);

}  // namespace finishline::forecast
