// Seasons: what repeats by the day, the week and the year, counted in steps of a series. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "lb/forecast/series.h"

namespace finishline::forecast {

struct Season {
  std::string_view name;
  double length_s;
};
inline constexpr Season kDay{"day", 86400};
inline constexpr Season kWeek{"week", 604800};
inline constexpr Season kYear{"year", 365.25 * 86400};

/// How many steps one season takes; 0 unless that is a whole number above 1 and the series holds two of them
/// (of a year any number of steps, rounded).
std::size_t steps_in(const Series& series, const Season& season);

/// How much of the changes that are left after the level the season explains, 0 to 1: strong from 0.3. 0
/// where steps_in says 0.
double strength_of(const Series& series, const Season& season);

/// The longest of day and week that is there; else 1: the period of a seasonal naive forecast.
std::size_t main_period(const Series& series);

}  // namespace finishline::forecast
