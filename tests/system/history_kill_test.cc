// History over kill -9: of control, then of the master and all that is left; a reload loses no second.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/proxy_under_test.h"
#include "tests/support/wait_until.h"

using namespace finishline;
using namespace finishline::test;

namespace {

using SeriesJson = nlohmann::json;

struct Past {
  double from = 0, step = 1;
  std::vector<bool> known;  // of each step

  /// Whether every step from one time to another is known; of both ends, those that are touched.
  bool whole(double since, double until) const {
    for (std::size_t i = 0; i < known.size(); ++i) {
      const double at = from + static_cast<double>(i) * step;
      if (at + step > since && at < until && !known[i]) return false;
    }
    return !known.empty() && from <= since;
  }
};

Past past_of(std::uint16_t admin, double from, double to, int step) {
  const std::string range = "&from=" + std::to_string(static_cast<long>(from)) +
                            "&to=" + std::to_string(static_cast<long>(to)) + "&step=" + std::to_string(step);
  const SeriesJson page = SeriesJson::parse(http_get(admin, "/api/v1/series?names=connections" + range).body);
  Past past{.from = page["from"], .step = page["step"], .known = {}};
  for (const SeriesJson& point : page["series"][0]["points"]) past.known.push_back(!point.is_null());
  return past;
}

SeriesJson live_of(std::uint16_t admin) {
  return SeriesJson::parse(http_get(admin, "/api/v1/live").body, nullptr, false);
}

bool ticks(std::uint16_t admin, int at_least) {
  if (!TcpPeer::can_connect(admin)) return false;
  const SeriesJson live = live_of(admin);
  return live.is_object() && live.value("tick", 0) >= at_least;
}

pid_t control_of(const ProxyUnderTest& proxy) {
  const std::string log = proxy.log();
  const auto at = log.rfind(" control_started pid=");
  return at == std::string::npos ? 0 : static_cast<pid_t>(std::stol(log.substr(log.find('=', at) + 1)));
}

bool knows_of_reload(std::uint16_t admin) {
  return http_get(admin, "/api/v1/events").body.find("\"reload\"") != std::string::npos;
}

constexpr double kLost = 16;  // a slot of ten seconds, the one begun, and what lies between two writes

}  // namespace

TEST_CASE("kill -9 of control and then of the master loses the last seconds of history, and nothing else") {
  const TempDir dir;
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}}, .proxy_keys = "state_dir = \"" + dir.file("") + "\"\n"});
  REQUIRE(wait_until([&] { return ticks(proxy.admin_port(), 2); }));
  const double begun = live_of(proxy.admin_port())["time"];
  REQUIRE(wait_until([&] { return ticks(proxy.admin_port(), 32); }, 90s));
  proxy.process().signal(SIGHUP);
  REQUIRE(proxy.wait_for_log(" reloaded "));
  const double before = live_of(proxy.admin_port())["time"];
  CHECK(past_of(proxy.admin_port(), begun, before, 1).whole(begun, before - 1));  // a reload loses none

  REQUIRE(proxy.wait_for_log(" admin_listening "));
  REQUIRE(wait_until([&] { return knows_of_reload(proxy.admin_port()); }));  // it is noted with the next look
  const int noted = live_of(proxy.admin_port()).value("tick", 0);
  REQUIRE(wait_until([&] { return ticks(proxy.admin_port(), noted + 1); }));  // and is on the disk soon after
  ::kill(control_of(proxy), SIGKILL);
  REQUIRE(proxy.wait_for_log(" admin_listening ", 2));
  REQUIRE(wait_until([&] { return ticks(proxy.admin_port(), 2); }));
  CHECK(past_of(proxy.admin_port(), begun, before, 10).whole(begun, before - kLost));

  proxy.process().kill();  // what is left of it goes with it
  REQUIRE(wait_until([&] { return !TcpPeer::can_connect(proxy.admin_port()); }));
  ChildProcess next(program("finishline"), {"run", "-c", proxy.config_file()});
  REQUIRE(wait_until([&] { return ticks(proxy.admin_port(), 2); }));
  CHECK(past_of(proxy.admin_port(), begun, before, 10).whole(begun, before - kLost));
  CHECK(knows_of_reload(proxy.admin_port()));
  CHECK(live_of(proxy.admin_port())["history"]["disk"] == true);
  CHECK(next.errors().find("history_failed") == std::string::npos);
  CHECK_FALSE(std::filesystem::exists(dir.file("history.db.broken")));
  CHECK(next.stop() == Exit{0, 0});
}
