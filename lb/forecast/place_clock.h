// The clock and the calendar of a place, summer time included. Any process; reads the time zones of the
// system.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lb/forecast/calendar.h"

namespace finishline::forecast {

/// Where a load comes from.
struct LoadOrigin {
  std::string zone;  // as Europe/Berlin; "": UTC
  Calendar calendar;
};

/// By how much the clock of a place is ahead of UTC, in seconds. A value, which may go to another thread.
class PlaceClock {
 public:
  /// UTC.
  PlaceClock() = default;
  /// Of a zone, from one time to another, a hundred years at most; before and after, it stays as it is there.
  /// "": UTC. Sets TZ of this process, so no other thread may ask for local times meanwhile.
  PlaceClock(const std::string& zone, std::int64_t from_s, std::int64_t to_s);

  std::int64_t ahead_at(std::int64_t utc_s) const;
  /// The hour that comes twice is taken for its second time.
  std::int64_t utc_of(std::int64_t place_s) const { return place_s - ahead_at(place_s - ahead_at(place_s)); }

 private:
  struct Change {
    std::int64_t at_s, ahead_s;
  };
  std::vector<Change> changes_;
};

/// Whether the system knows it; a name without a file would silently be UTC.
bool is_zone(std::string_view name);

}  // namespace finishline::forecast
