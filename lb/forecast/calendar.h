// Days that are not like others: holidays, launches, matches. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace finishline::forecast {

struct Calendar {
  /// Days since 1970 on the clock of the place, in order. They share one effect, by which a load is higher or
  /// lower; days to come are forecast with it.
  std::vector<std::int64_t> special_days;

  bool is_special(std::int64_t time_s) const;
};

/// Of a text as 2026-12-24, in days since 1970; nothing when it is none.
std::optional<std::int64_t> day_of(std::string_view text);

}  // namespace finishline::forecast
