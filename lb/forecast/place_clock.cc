#include "lb/forecast/place_clock.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>

namespace finishline::forecast {
namespace {

std::int64_t system_offset(std::int64_t utc_s) {
  const auto time = static_cast<std::time_t>(utc_s);
  std::tm local{};
  ::localtime_r(&time, &local);
  return local.tm_gmtoff;
}

/// The first second in (before_s, at_s] that has the offset of the last.
std::int64_t change_between(std::int64_t before_s, std::int64_t at_s) {
  const std::int64_t ahead = system_offset(at_s);
  while (at_s - before_s > 1) {
    const std::int64_t middle = before_s + (at_s - before_s) / 2;
    (system_offset(middle) == ahead ? at_s : before_s) = middle;
  }
  return at_s;
}

}  // namespace

PlaceClock::PlaceClock(const std::string& zone, std::int64_t from_s, std::int64_t to_s) {
  constexpr std::int64_t kStride = 7 * 86400;             // clocks do not change twice in so short a time
  constexpr std::int64_t kLongest = 100LL * 366 * 86400;  // looked through in a millisecond
  if (zone.empty()) return;
  to_s = std::min(to_s, from_s + kLongest);
  ::setenv("TZ", zone.c_str(), 1);
  ::tzset();
  changes_.push_back({from_s, system_offset(from_s)});
  for (std::int64_t at = from_s; at < to_s;) {
    const std::int64_t next = std::min(at + kStride, to_s);
    if (const std::int64_t ahead = system_offset(next); ahead != changes_.back().ahead_s)
      changes_.push_back({change_between(at, next), ahead});
    at = next;
  }
}

std::int64_t PlaceClock::ahead_at(std::int64_t utc_s) const {
  if (changes_.empty()) return 0;
  const auto later = std::ranges::upper_bound(changes_, utc_s, {}, &Change::at_s);
  return later == changes_.begin() ? later->ahead_s : std::prev(later)->ahead_s;
}

bool is_zone(std::string_view name) {
  std::error_code error;
  const std::filesystem::path file = std::filesystem::path("/usr/share/zoneinfo") / name;
  return name == "UTC" ||
         (!name.empty() && name.front() != '/' && name.find("..") == std::string_view::npos &&
          std::filesystem::is_regular_file(file, error));
}

}  // namespace finishline::forecast
