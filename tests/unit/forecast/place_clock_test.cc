// Days and clocks of a place.
#include "lb/forecast/place_clock.h"

#include <doctest/doctest.h>

namespace finishline::forecast {
namespace {

constexpr std::int64_t kHour = 3600, kDay = 86400;
constexpr std::int64_t kMarch2026 = 1'772'323'200;  // 1 March, 0:00 UTC
constexpr std::int64_t kSpring =
    kMarch2026 + 28 * kDay + kHour;                  // 29 March, 1:00 UTC: 2:00 is 3:00 in Berlin
constexpr std::int64_t kAutumn = 1'792'889'999 + 1;  // 25 October, 1:00 UTC

PlaceClock berlin() { return {"Europe/Berlin", kMarch2026, kMarch2026 + 300 * kDay}; }

TEST_CASE("without a zone the clock is UTC's") {
  CHECK(PlaceClock().ahead_at(kSpring) == 0);
  CHECK(PlaceClock().utc_of(kSpring) == kSpring);
  CHECK(PlaceClock("", 0, kSpring).ahead_at(kSpring) == 0);
}

TEST_CASE("summer time begins and ends at the second at which it does") {
  const PlaceClock clock = berlin();
  CHECK(clock.ahead_at(kSpring - 1) == kHour);
  CHECK(clock.ahead_at(kSpring) == 2 * kHour);
  CHECK(clock.ahead_at(kAutumn - 1) == 2 * kHour);
  CHECK(clock.ahead_at(kAutumn) == kHour);
}

TEST_CASE("before and after the stretch that was asked for the clock stays as it is at its ends") {
  const PlaceClock clock("Europe/Berlin", kSpring, kSpring + kDay);
  CHECK(clock.ahead_at(0) == 2 * kHour);
  CHECK(clock.ahead_at(kAutumn + kDay) == 2 * kHour);
}

TEST_CASE("whatever stretch is asked for, no more than a hundred years are looked through") {
  const PlaceClock clock("Europe/Berlin", kMarch2026, std::int64_t{1} << 60);
  CHECK(clock.ahead_at(kSpring) == 2 * kHour);
  CHECK(clock.ahead_at(std::int64_t{1} << 59) >= kHour);
}

TEST_CASE("a time of the place is led back to UTC, whatever the season") {
  const PlaceClock clock = berlin();
  for (std::int64_t utc = kMarch2026; utc < kMarch2026 + 300 * kDay; utc += 5 * kHour + 7) {
    CAPTURE(utc);
    const bool twice = utc >= kAutumn - kHour && utc < kAutumn;  // that hour comes again
    CHECK(clock.utc_of(utc + clock.ahead_at(utc)) == (twice ? utc + kHour : utc));
  }
}

TEST_CASE("a zone is one that the system has a file of") {
  CHECK(is_zone("Europe/Berlin"));
  CHECK(is_zone("UTC"));
  CHECK_FALSE(is_zone(""));
  CHECK_FALSE(is_zone("Europe/Berln"));
  CHECK_FALSE(is_zone("../passwd"));
  CHECK_FALSE(is_zone("/etc/passwd"));
}

TEST_CASE("a day is a date that there is") {
  CHECK(day_of("1970-01-02") == 1);
  CHECK(day_of("2026-03-01") == kMarch2026 / kDay);
  CHECK(day_of("2028-02-29").has_value());
  for (const char* text :
       {"", "2026-02-29", "2026-13-01", "26-01-01", "2026-1-01", "2026-01-0x", "2026/01/01"})
    CHECK_FALSE(day_of(text).has_value());
}

}  // namespace
}  // namespace finishline::forecast
