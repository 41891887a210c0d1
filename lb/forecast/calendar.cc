#include "lb/forecast/calendar.h"

#include <algorithm>

namespace finishline::forecast {

bool Calendar::is_special(std::int64_t time_s) const {
  const std::int64_t day = time_s / 86400 - (time_s % 86400 < 0 ? 1 : 0);
  return std::ranges::binary_search(special_days, day);
}

}  // namespace finishline::forecast
