#include "lb/control/alert_service.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

using namespace finishline;
using namespace finishline::control;

namespace {

constexpr double kWednesday = 1793190600;  // 2026-10-28, 12:30 UTC
constexpr std::int64_t kHour = 3600, kWeek = 7 * 24 * kHour;

/// Which hours of the past are asked for when it is that Wednesday, by the clock of a zone.
std::vector<std::pair<std::int64_t, std::int64_t>> asked_for(const char* zone) {
  net::Loop loop;
  config::Config config;
  config.proxy.timezone = zone;
  AlertService service(loop, config, {}, [](std::string) {});
  std::vector<std::pair<std::int64_t, std::int64_t>> asked;
  service.set_past_rate([&](std::int64_t from, std::int64_t to) -> std::optional<double> {
    asked.emplace_back(from, to);
    return 100.0;
  });
  Overview overview;
  Snapshot snapshot;
  for (int minute = 0; minute < 29; ++minute) {
    overview.time = kWednesday + 60 * minute;
    snapshot.taken_at += 60s;
    service.look(overview, snapshot, Inventory{});
  }
  return asked;
}

}  // namespace

TEST_CASE("the traffic of a week ago is that of the same hour by the clock of the place") {
  const std::int64_t noon = static_cast<std::int64_t>(kWednesday) / kHour * kHour;
  const auto utc = asked_for("");
  REQUIRE(utc.size() == 1);
  CHECK(utc[0] == std::pair(noon - kWeek, noon - kWeek + kHour));
  const auto berlin = asked_for("Europe/Berlin");  // where it was summer a week ago
  REQUIRE(berlin.size() == 1);
  CHECK(berlin[0] == std::pair(noon - kWeek - kHour, noon - kWeek));
  const auto kathmandu = asked_for("Asia/Kathmandu");  // five and three quarter hours ahead
  REQUIRE(kathmandu.size() == 1);
  CHECK(kathmandu[0].first == noon - kWeek + kHour / 4);
}
