// A server that is slower than the configuration says: what the proxy learns of it, and does.
#include <doctest/doctest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/support/client_program.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

/// video-1 is three times slower than declared.
SetUp wrong_about_one(const std::string& learn, const std::string& binding) {
  SetUp set_up{.servers = {{.name = "video-1", .flags = {"--speed", "0.3333"}}, {.name = "video-2"}},
               .workers = 2};
  set_up.pool_keys += "learn = \"" + learn + "\"\nbinding = \"" + binding + "\"\n";
  return set_up;
}

void load(const ProxyUnderTest& proxy, int requests, int at_once = 8, const char* length = "5") {
  ClientProgram client(proxy, {"--requests", std::to_string(requests), "--concurrency",
                               std::to_string(at_once), "--length", length, "--mix", "video=1"});
  client.check_perfect(requests);
}

nlohmann::json video_cost(const ProxyUnderTest& proxy, std::size_t server) {
  return nlohmann::json::parse(proxy.get("/stats").body).at("servers").at(server).at("costs").at("video");
}

/// Of 40 requests that come at once, after 400, what the slow server got. They are long: all are there before
/// the first reply tells the books how slow it is.
std::int64_t slow_share(const ProxyUnderTest& proxy) {
  load(proxy, 400);
  const std::int64_t before = stats_of(proxy).server("video-1").sent;
  load(proxy, 40, 40, "100");
  return stats_of(proxy).server("video-1").sent - before;
}

}  // namespace

TEST_CASE("a server that is slower than declared gets less once the proxy has learned it") {
  ProxyUnderTest off(wrong_about_one("off", "early"));
  const std::int64_t unlearned = slow_share(off);
  CHECK_FALSE(nlohmann::json::parse(off.get("/stats").body).at("servers").at(0).contains("costs"));
  ProxyUnderTest on(wrong_about_one("on", "early"));
  const std::int64_t learned = slow_share(on);
  CHECK_MESSAGE(4 * learned < 3 * unlearned, learned, " of 40, ", unlearned, " unlearned");
  CHECK(video_cost(on, 0).at("ratio") > 2);
  CHECK(video_cost(on, 0).at("ratio") < 5);
  CHECK(video_cost(on, 1).at("ratio") < 2);
  CHECK(unrest_at_the_end(on) == "");
}

TEST_CASE("what is learned while watching is shown by page, metric and command, and holds after a reload") {
  ProxyUnderTest proxy(wrong_about_one("watch", "late"));
  load(proxy, 400);
  CHECK(video_cost(proxy, 0).at("ratio") > 1.5);
  CHECK(
      proxy.get("/metrics").body.find("finishline_learned_cost_ratio{server=\"video-1\",type=\"video\"} ") !=
      std::string::npos);
  const Outcome table = run("finishline", {"costs", "-c", proxy.config_file()});
  CHECK(table.exit == Exit{0, 0});
  CHECK(table.output.find("video-1") != std::string::npos);
  const Outcome json = run("finishline", {"costs", "--json", "-c", proxy.config_file()});
  CHECK(nlohmann::json::parse(json.output).at(0).at("learn") == "watch");

  const double known = video_cost(proxy, 0).at("learned_ms");
  proxy.rewrite(wrong_about_one("on", "late"));
  proxy.process().signal(SIGHUP);
  REQUIRE(proxy.wait_for_log(" reloaded "));
  load(proxy, 300);
  CHECK(video_cost(proxy, 0).at("learned_ms") > 0.7 * known);
  CHECK(unrest_at_the_end(proxy) == "");
}
