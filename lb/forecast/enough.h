// How much past a forecast needs, and how far ahead it may look: the one place that says so for the command
// line, the API and the page. Pure; any process.
#pragma once

#include <algorithm>
#include <cstddef>

namespace finishline::forecast {

/// Values that a pool's past must have, in whatever step it is looked at: with fewer there is no forecast.
inline constexpr std::size_t kEnoughValues = 48;

/// Steps ahead that so many steps of the past are good for, where nobody asks for another number: a quarter.
/// A method is fitted on up to half of the past (see rolling.h) and has to be right about what followed: with
/// a quarter ahead the last quarter is left for trying that at several times, so that an interval has a
/// width. At least 1.
constexpr std::size_t sensible_horizon(std::size_t past) { return std::max<std::size_t>(past / 4, 1); }

}  // namespace finishline::forecast
