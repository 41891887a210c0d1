// What clients are promised: who is more urgent goes first, what cannot be done in time is not begun, and
// what the proxy foresees.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/support/client_program.h"
#include "tests/support/proxy_under_test.h"

using namespace finishline;
using namespace finishline::test;

namespace {

SetUp seed_pool(const std::string& keys = "") {
  SetUp set_up{.servers = {{.name = "video-1"}, {.name = "video-2"}, {.name = "music-1", .type = "music"}},
               .workers = 2};
  set_up.pool_keys += keys;
  return set_up;
}

double mean_of_class(const nlohmann::json& report, int priority) {
  for (const auto& one : report.at("by_priority"))
    if (one.at("priority") == priority) return one.at("latency_us").at("mean");
  return 0;
}

}  // namespace

TEST_CASE("in a burst the urgent requests are done before the rest, and the rest is done") {
  SetUp set_up = seed_pool();
  set_up.unit = "3ms";  // work outweighs what programs need, also where the machine is busy
  ProxyUnderTest proxy(set_up);
  ClientProgram client(proxy, {"--requests", "300", "--arrivals", "burst", "--priorities", "0:0.8,3:0.2"});
  const auto report = client.check_perfect(300);
  CHECK(mean_of_class(report, 3) * 2 < mean_of_class(report, 0));
  const std::string metrics = proxy.get("/metrics").body;
  CHECK(metrics.find("finishline_requests_by_priority_total{priority=\"3\"} 60") != std::string::npos);
}

TEST_CASE("what is not expected to be done in time is refused before a server works on it") {
  ProxyUnderTest proxy(seed_pool("admit = \"deadline\"\n"));
  ClientProgram client(proxy, {"--requests", "300", "--arrivals", "burst", "--deadline", "200ms",
                               "--no-retryable", "--length", "const:5"});
  client.process().wait(patience());
  const auto report = nlohmann::json::parse(client.process().output());
  const std::int64_t ok = report.at("ok"), refused = report.at("failed").value("overloaded", 0);
  CHECK(ok > 50);
  CHECK(refused > 50);
  CHECK(report.at("wrong") == 0);
}

TEST_CASE("who asks when a request would be done is told, and nothing is done") {
  ProxyUnderTest proxy(seed_pool());
  ClientProgram client(proxy, {"--estimate", "--length", "const:5"});
  REQUIRE(client.process().wait(patience()) == Exit{0, 0});
  const auto told = nlohmann::json::parse(client.process().output());
  REQUIRE(told.size() == 3);
  CHECK(told[0].at("type") == "video");
  CHECK(told[0].at("status") == "ok");
  CHECK(told[0].at("until_done_us") == 5000);
  CHECK(told[0].at("server_type") == "video");
  CHECK(told[2].at("server_type") == "music");
  CHECK(nlohmann::json::parse(proxy.get("/stats").body).at("requests").at("received") == 0);
}

TEST_CASE("an operator is told what would become of a request now") {
  ProxyUnderTest proxy(seed_pool());
  const auto told = nlohmann::json::parse(proxy.get("/pools/media/explain?type=music&length=3").body);
  CHECK(told.at("server") == "music-1");
  CHECK(told.at("until_done_us") == 3000);
  CHECK(proxy.get("/pools/media/explain").status == 403);  // no token can be brought here
}
