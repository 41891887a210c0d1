// finishline-client ends before its requests do: nobody works on for a client that is gone.
#include <doctest/doctest.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/client_program.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

constexpr const char* kLong = "const:600000";  // no test waits for that

ProxyUnderTest two_videos() {
  return ProxyUnderTest({.servers = {{.name = "video-1"}, {.name = "video-2"}},
                         .pool_keys = "check = \"off\"\neject_after = 0\ntimeout = \"1h\"\n"});
}

bool both_busy(const ProxyUnderTest& proxy) {
  return wait_until([&] {
    const Stats stats = stats_of(proxy);
    return stats.server("video-1").in_flight == 1 && stats.server("video-2").in_flight == 1;
  });
}

/// Whether the servers themselves have nothing to do: a short request at each is answered.
void check_servers_free(const ProxyUnderTest& proxy) {
  CHECK(unrest_at_the_end(proxy) == "");
  for (const char* const name : {"video-1", "video-2"}) {
    TcpPeer server = TcpPeer::connect(proxy.server_port(name));
    server.send_frame({.type = 'V', .id = 7, .length = 1});
    const auto reply = server.read_frame();
    REQUIRE(reply.has_value());
    CHECK(reply->status() == proto::Status::ok);
  }
}

}  // namespace

TEST_CASE("finishline-client that is interrupted takes its requests back, at the servers, too") {
  for (const int number : {SIGINT, SIGTERM}) {
    const ProxyUnderTest proxy = two_videos();
    ClientProgram client(proxy, {"--requests", "2", "--mix", "video=1", "--length", kLong});
    REQUIRE(both_busy(proxy));
    client.process().signal(number);
    CHECK(client.process().wait() == Exit{128 + number, 0});
    const auto report = nlohmann::json::parse(client.process().output());
    CHECK(report.at("failed").at("cancelled") == 2);
    CHECK(report.at("unanswered") == 0);
    check_servers_free(proxy);
    CHECK(stats_of(proxy).answers["cancelled"] == 2);
  }
}

TEST_CASE("threads of finishline-client take their requests back, too") {
  const ProxyUnderTest proxy = two_videos();
  ClientProgram client(proxy, {"--requests", "40", "--threads", "2", "--mix", "video=1", "--length", kLong});
  REQUIRE(both_busy(proxy));
  REQUIRE(wait_until([&] { return stats_of(proxy).open == 16; }));
  client.process().signal(SIGINT);
  CHECK(client.process().wait() == Exit{128 + SIGINT, 0});
  const auto report = nlohmann::json::parse(client.process().output());
  CHECK(report.at("failed").at("cancelled") == 16);
  check_servers_free(proxy);
}

TEST_CASE("finishline-client that gives up waiting takes its requests back") {
  const ProxyUnderTest proxy = two_videos();
  ClientProgram client(proxy, {"--duration", "10ms", "--reply-timeout", "500ms", "--concurrency", "2",
                               "--mix", "video=1", "--length", kLong});
  REQUIRE(both_busy(proxy));
  CHECK(client.process().wait() == Exit{1, 0});
  const auto report = nlohmann::json::parse(client.process().output());
  CHECK(report.at("failed").at("cancelled") == 2);
  check_servers_free(proxy);
}

TEST_CASE("finishline-client that speaks mini, which has no cancel, resets its connections") {
  const ProxyUnderTest proxy({.servers = {{.name = "video-1", .flags = {"--speed", "0.0001"}},
                                          {.name = "video-2", .flags = {"--speed", "0.0001"}}},
                              .listeners = {{}, {.name = "mini", .mode = "mini"}}});
  ClientProgram client("127.0.0.1:" + std::to_string(proxy.port("mini")),
                       {"--protocol", "mini", "--requests", "2", "--mix", "video=1", "--length", "const:9"});
  REQUIRE(both_busy(proxy));
  client.process().signal(SIGINT);
  CHECK(client.process().wait() == Exit{128 + SIGINT, 0});
  CHECK(nlohmann::json::parse(client.process().output()).at("unanswered") == 2);
  CHECK(unrest_at_the_end(proxy) == "");
}
