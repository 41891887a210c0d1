// How near the proxy comes to the possible best, told while it works.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/support/client_program.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/wait_until.h"

using namespace finishline;
using namespace finishline::test;

namespace {

SetUp seed_pool(const std::string& policy) {
  return {.servers = {{.name = "video-1"}, {.name = "video-2"}, {.name = "music-1", .type = "music"}},
          .workers = 2,
          .policy = policy};
}

nlohmann::json media(const ProxyUnderTest& proxy) {
  return nlohmann::json::parse(proxy.get("/api/v1/live").body).at("pools").at(0);
}

/// All were played by every shadow.
bool shadows_know(const ProxyUnderTest& proxy, int requests) {
  const nlohmann::json pool = media(proxy);
  return !pool.at("shadows").empty() && pool.at("shadows_of").at("requests") == requests;
}

/// All that is asked for is sent at once.
nlohmann::json batch(const ProxyUnderTest& proxy, int requests) {
  ClientProgram client(proxy, {"--requests", std::to_string(requests), "--arrivals", "burst"});
  return client.check_perfect(requests);
}

}  // namespace

TEST_CASE("a live page shows what a batch came to, and what other policies would have made of it") {
  ProxyUnderTest proxy(seed_pool("makespan"));
  REQUIRE(media(proxy).at("ratio").at("busy").is_null());  // from here on it is recorded
  CHECK(media(proxy).at("shadows").empty());
  const double report = batch(proxy, 300).at("ratio");
  REQUIRE(wait_until([&] { return shadows_know(proxy, 300); }));
  const nlohmann::json pool = media(proxy);
  const double busy = pool.at("ratio").at("busy"), idle = pool.at("idle_share");
  CHECK_MESSAGE(busy >= 0.99, busy, ", the client says ", report);
  // The client has seen all that the proxy has, and what was on its way: how long both take is the machine's
  // affair.
  CHECK_MESSAGE(busy <= 1.05 * report, busy, ", the client says ", report);
  CHECK(idle >= 0);
  CHECK(idle < 1);
  CHECK(proxy.get("/api/v1/live").body.find(" x the possible best") != std::string::npos);
  CHECK(proxy.get("/metrics").body.find("finishline_pool_makespan_ratio{pool=\"media\"} ") !=
        std::string::npos);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("a pool that follows a worse policy shows it, and that others would be better") {
  ProxyUnderTest proxy(seed_pool("round-robin"));
  REQUIRE(media(proxy).at("ratio").at("busy").is_null());
  batch(proxy, 300);
  REQUIRE(wait_until([&] { return shadows_know(proxy, 300); }));
  const nlohmann::json pool = media(proxy);
  CHECK(pool.at("ratio").at("busy") > 1.3);
  CHECK(pool.at("idle_share") > 0.02);
  for (const nlohmann::json& shadow : pool.at("shadows")) {
    if (shadow.at("policy") != "makespan") continue;
    CHECK(shadow.at("ratio") < 1.3);
    CHECK(shadow.at("regret") < 0);
  }
  CHECK(unrest_at_the_end(proxy) == "");
}
