// What happened stands on the axis of time: reloads and upgrades, and both after a kill of control.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/proxy_under_test.h"
#include "tests/support/wait_until.h"

using namespace finishline;
using namespace finishline::test;

namespace {

using MarkJson = nlohmann::json;

/// Marks of this kind, as /events tells them.
std::size_t events(const ProxyUnderTest& proxy, const std::string& kind) {
  const MarkJson all = MarkJson::parse(proxy.get("/api/v1/events").body, nullptr, false);
  if (!all.contains("events")) return 0;
  std::size_t found = 0;
  for (const MarkJson& it : all["events"]) found += it.value("kind", "") == kind ? 1U : 0U;
  return found;
}

/// And on the axis of a chart.
std::size_t marks(const ProxyUnderTest& proxy, const std::string& kind) {
  const MarkJson all = MarkJson::parse(proxy.get("/api/v1/series?names=requests").body, nullptr, false);
  if (!all.contains("marks")) return 0;
  std::size_t found = 0;
  for (const MarkJson& it : all["marks"]) found += it.value("kind", "") == kind ? 1U : 0U;
  return found;
}

bool reload(ProxyUnderTest& proxy, std::size_t times) {
  proxy.process().signal(SIGHUP);
  return proxy.wait_for_log(" reloaded ", times);
}

pid_t control_of(const ProxyUnderTest& proxy) {
  const std::string log = proxy.log();
  const auto at = log.rfind(" control_started pid=");
  return at == std::string::npos ? 0 : static_cast<pid_t>(std::stol(log.substr(log.find('=', at) + 1)));
}

}  // namespace

TEST_CASE("each reload is a mark, and the first start is none") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}}});
  REQUIRE(wait_until([&] { return proxy.get("/api/v1/live").body.find("\"tick\":2") != std::string::npos; }));
  CHECK(events(proxy, "reload") == 0);
  for (std::size_t times = 1; times <= 3; ++times) {
    REQUIRE(reload(proxy, times));
    CHECK(wait_until([&] { return events(proxy, "reload") == times; }));
  }
  CHECK(wait_until([&] { return marks(proxy, "reload") == 3; }));
}

TEST_CASE("an upgrade is a mark; it and what was before outlive control") {
  const TempDir dir;
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}}, .proxy_keys = "state_dir = \"" + dir.file("") + "\"\n"});
  REQUIRE(reload(proxy, 1));
  REQUIRE(wait_until([&] { return events(proxy, "reload") == 1; }));
  proxy.process().signal(SIGUSR2);
  REQUIRE(proxy.wait_for_log(" reloaded ", 2));
  CHECK(wait_until([&] { return events(proxy, "upgrade") == 1; }));
  CHECK(events(proxy, "reload") == 1);

  REQUIRE(proxy.wait_for_log(" admin_listening ", 2));
  ::kill(control_of(proxy), SIGKILL);
  REQUIRE(proxy.wait_for_log(" admin_listening ", 3));
  CHECK(wait_until([&] { return marks(proxy, "upgrade") == 1 && marks(proxy, "reload") == 1; }));
}
