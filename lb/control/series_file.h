// A load as a CSV file: `time,value` with a header, for `finishline forecast`. Pure.
//
//    time,value
//    2026-11-02T00:00:00Z,812.5
//    1793577600,799
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lb/forecast/series.h"

namespace finishline::control {

/// Seconds since 1970: of "2026-11-02T14:30:00Z", with a blank for the T, an offset as +01:00 for the Z, or
/// neither, which is UTC; without seconds or without the time of day; or of a plain number. Nothing for
/// anything else.
std::optional<double> parse_time(std::string_view text);

/// "2026-11-02T14:30:00Z".
std::string time_text(std::int64_t seconds);

/// Rows in any order; an empty value, nan or null is a value that was not measured, and left out. The string
/// says what is wrong, with the line, and what to do.
std::variant<std::vector<forecast::LoadSample>, std::string> parse_series(std::string_view text);

}  // namespace finishline::control
