#include "lb/alert/windows.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::alert;

namespace {

/// 100 requests a second from second `from` on, of which this share fails.
void run(ErrorWindows& windows, int from, int to, double failing) {
  for (int second = from; second < to; ++second)
    windows.add(100, 100 * failing, Instant(std::chrono::seconds(second)));
}

}  // namespace

TEST_CASE("the share of failures is of the window alone") {
  ErrorWindows windows;
  run(windows, 0, 3600, 0);
  run(windows, 3600, 3900, 0.02);
  CHECK(*windows.ratio(std::chrono::minutes(5)) == doctest::Approx(0.02).epsilon(0.05));
  CHECK(*windows.ratio(std::chrono::hours(1)) == doctest::Approx(0.02 * 300 / 3600).epsilon(0.05));
}

TEST_CASE("a budget burns too fast when it matters and goes on") {
  ErrorWindows windows;
  const int begin = 7 * 3600;  // all windows are full
  run(windows, 0, begin, 0.0005);
  CHECK(burn_of(windows).share < 1);
  run(windows, begin, begin + 300, 0.1);  // of an hour's requests 0.9 %
  CHECK(burn_of(windows).share < 1);
  run(windows, begin + 300, begin + 900, 0.1);
  CHECK(burn_of(windows).share >= 1);
  CHECK(burn_of(windows).long_window == std::chrono::hours(1));
  run(windows, begin + 900, begin + 1300, 0);  // over: the short window says so
  CHECK(burn_of(windows).share < 1);
}

TEST_CASE("without much history, what there is counts, from a minute on") {
  ErrorWindows windows;
  run(windows, 0, 50, 0.5);
  CHECK(burn_of(windows).share == 0);
  run(windows, 50, 70, 0.5);
  CHECK(burn_of(windows).share > 1);
}

TEST_CASE("a few failures say nothing") {
  ErrorWindows windows;
  for (int second = 0; second < 120; ++second)
    windows.add(0.1, second < 9 ? 1 : 0, Instant(std::chrono::seconds(second)));
  CHECK(burn_of(windows).share == 0);
}

TEST_CASE("usual traffic is that of the last hour, and nothing before ten minutes are known") {
  TrafficBaseline traffic;
  double unix = 1e9;
  for (int second = 0; second < 600; ++second) traffic.add(50, unix++);
  CHECK_FALSE(traffic.usual());
  for (int second = 0; second < 1200; ++second) traffic.add(50, unix++);
  CHECK(*traffic.usual() == doctest::Approx(50));
  for (int second = 0; second < 60; ++second) traffic.add(500, unix++);
  CHECK(traffic.recent() == doctest::Approx(500));
  CHECK(*traffic.usual() < 60);  // the minute that is looked at is hardly in it
}

TEST_CASE("hours are those of the clock by which people live, when it is changed, too") {
  TrafficBaseline traffic;
  const double monday = 277778.0 * 3600;
  const auto add_hour = [&](int hour, double rate, std::int64_t ahead) {
    for (int second = 0; second < 3600; second += 10)
      traffic.add(rate, monday + hour * 3600.0 + second, ahead);
  };
  for (int hour = 0; hour < 169; ++hour) add_hour(hour, hour == 1 ? 400 : 20, 7200);
  traffic.add(20, monday + 169 * 3600.0, 3600);  // summer is over: what was at 3 o'clock is at 3, not at 2
  CHECK(*traffic.usual() == doctest::Approx(20));
  traffic.add(20, monday + 170 * 3600.0, 3600);
  CHECK(*traffic.usual() == doctest::Approx(400));
}

TEST_CASE("what came at this hour a week ago is usual, and the last hour is not") {
  TrafficBaseline traffic;
  const double start = 277778.0 * 3600;
  const auto add_hour = [&](int hour, double rate) {
    for (int second = 0; second < 3600; second += 10) traffic.add(rate, start + hour * 3600.0 + second);
  };
  add_hour(0, 400);
  for (int hour = 1; hour < 168; ++hour) add_hour(hour, 20);
  CHECK(*traffic.usual() == doctest::Approx(20));
  for (int second = 0; second < 60; ++second) traffic.add(400, start + 168 * 3600.0 + 1800 + second);
  CHECK(*traffic.usual() == doctest::Approx(400));
  add_hour(169, 900);  // and a quiet hour a week ago is not hidden by a busy last one
  for (int second = 0; second < 60; ++second) traffic.add(400, start + 170 * 3600.0 + second);
  CHECK(*traffic.usual() == doctest::Approx(20));
}

TEST_CASE("an hour that somebody else has kept counts at once") {
  TrafficBaseline traffic;
  const double now = 277778.0 * 3600;
  traffic.add(10, now);
  CHECK_FALSE(traffic.usual());
  traffic.know(277778 - TrafficBaseline::kWeek, 70);
  CHECK(*traffic.usual() == doctest::Approx(70));
}
