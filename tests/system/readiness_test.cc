// What is said of a proxy before its servers are there, and beside one that runs.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

bool told(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

std::string status_of(const ProxyUnderTest& proxy) {
  return run("finishline", {"status", "--admin", "127.0.0.1:" + std::to_string(proxy.admin_port())}).output;
}

}  // namespace

TEST_CASE("a proxy whose servers nobody has reached is not ready, and says that they are untried") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1", .played = Played::by_nobody}}});
  CHECK(wait_until(
      [&] { return told(proxy.get("/readyz").body, "no server of pool media has been reached yet"); }));
  CHECK(proxy.get("/readyz").status == 503);
  CHECK(proxy.get("/healthz").status == 200);
  CHECK(told(status_of(proxy), "video-1  video  untried"));
  CHECK(told(proxy.get("/api/v1/servers").body, "\"state\":\"untried\""));
  CHECK(told(proxy.get("/metrics").body, "{server=\"video-1\",state=\"untried\"} 1"));
  proxy.start_server("video-1");
  CHECK(wait_until([&] { return proxy.get("/readyz").status == 200; }));
  CHECK(told(status_of(proxy), "video-1  video  up"));
}

TEST_CASE("a check beside the proxy that runs by the file warns of none of its own addresses") {
  const TempDir dir;
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}},
                        .listeners = {{}, {.name = "local", .bind = "unix:" + dir.file("socket")}},
                        .proxy_keys = "state_dir = \"" + dir.file("") + "\"\n"});
  const Outcome beside = run("finishline", {"check", "-c", proxy.config_file()});
  CHECK(beside.exit == Exit{0, 0});
  CHECK_MESSAGE(!told(beside.output + beside.errors, "it would not start"), beside.output);
  CHECK_MESSAGE(!told(beside.output + beside.errors, "belongs to a finishline that runs"), beside.output);
  const std::string copy = dir.file("copy.toml");  // the same addresses, of another configuration
  std::filesystem::copy_file(proxy.config_file(), copy);
  const Outcome other = run("finishline", {"check", "-c", copy});
  CHECK(told(other.output + other.errors, "listener 'media' cannot bind"));
  CHECK(told(other.output + other.errors, "listener 'local' cannot bind"));
  CHECK(told(other.output + other.errors, "unless that is this proxy, it would not start"));
  CHECK(told(other.output + other.errors, "belongs to a finishline that runs"));
}

TEST_CASE("a copy with the same pid_file is known by it") {
  const TempDir dir;
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}}, .proxy_keys = "pid_file = \"" + dir.file("pid") + "\"\n"});
  REQUIRE(wait_until([&] { return std::filesystem::exists(dir.file("pid")); }));
  const std::string copy = dir.file("next.toml");  // what is to be moved into its place
  std::filesystem::copy_file(proxy.config_file(), copy);
  const Outcome beside = run("finishline", {"check", "-c", copy});
  CHECK_MESSAGE(!told(beside.output + beside.errors, "it would not start"), beside.output);
}

TEST_CASE("command line and API need the same past of a pool for a forecast") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}}});
  const std::string note = proxy.get("/api/v1/forecast?pool=media").body;
  CHECK(told(note, "Too little past: "));
  CHECK(told(note, " a forecast needs 8 min."));
  const Outcome outcome =
      run("finishline", {"forecast", "media", "--admin", "127.0.0.1:" + std::to_string(proxy.admin_port())});
  CHECK(outcome.exit == Exit{1, 0});
  CHECK(outcome.output.empty());
  CHECK(told(outcome.errors, "finishline forecast: Too little past: "));
  CHECK(told(outcome.errors, " a forecast needs 8 min."));
}

TEST_CASE("an upgrade to a file that cannot be executed is refused with the file and the reason") {
  const TempDir dir;
  const std::string copy = dir.file("finishline-copy");
  std::filesystem::copy_file(program("finishline"), copy);
  const std::string file = dir.write("finishline.toml", R"([proxy]
admin = ""
[[listener]]
name = "media"
bind = "127.0.0.1:0"
pool = "media"
[pool.media]
check = "off"
[[server]]
name = "video-1"
pool = "media"
type = "video"
address = "127.0.0.1:1"
)");
  ChildProcess proxy(copy, {"run", "-c", file});
  REQUIRE(wait_until([&] { return told(proxy.errors(), " listening "); }));
  REQUIRE(::chmod(copy.c_str(), 0644) == 0);
  proxy.signal(SIGUSR2);
  CHECK(wait_until([&] { return told(proxy.errors(), " upgrade_refused "); }));
  CHECK_MESSAGE(told(proxy.errors(), copy + ": Permission denied"), proxy.errors());
  REQUIRE(::chmod(copy.c_str(), 0755) == 0);
  std::filesystem::remove(copy);
  dir.write("finishline-copy", "no program");  // not executed either, by the kernel's word
  REQUIRE(::chmod(copy.c_str(), 0755) == 0);
  proxy.signal(SIGUSR2);
  CHECK_MESSAGE(wait_until([&] { return told(proxy.errors(), copy + ": it cannot be executed"); }),
                proxy.errors());
  CHECK(proxy.stop() == Exit{0, 0});
}
