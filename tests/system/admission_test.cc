// Who may come, how many and how fast: at two workers, which share every limit.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;
using proto::Status;

namespace {

SetUp set_up(const std::string& keys) {
  return {.servers = {{.name = "video-1"}}, .listeners = {{.keys = keys}}, .workers = 2, .unit = "1us"};
}

/// Asks for one unit of video.
std::optional<TcpPeer::Reply> ask(TcpPeer& client, std::uint64_t id = 1) {
  REQUIRE(client.send_frame({.type = 'V', .id = id, .length = 1}));
  return client.read_frame();
}

}  // namespace

TEST_CASE("a client from a denied network is closed before it has said a word") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}},
                        .listeners = {{.name = "media"},
                                      {.name = "others", .keys = "deny = [\"127.0.0.0/8\"]\n"},
                                      {.name = "few", .keys = "allow = [\"10.0.0.0/8\", \"::1\"]\n"}},
                        .unit = "1us",
                        .log_level = "debug"});
  for (const auto* listener : {"others", "few"}) {
    CAPTURE(listener);
    TcpPeer mallory = proxy.connect(listener);
    CHECK(mallory.closed());
  }
  TcpPeer alice = proxy.connect();
  CHECK(ask(alice)->status() == Status::ok);
  CHECK(stats_of(proxy).closed["denied"] == 2);
  CHECK(proxy.logged("client_refused listener=others client=127.0.0.1:") == 1);
  auto listeners = stats_of(proxy).listeners;
  CHECK(listeners.at("others").accepted == 1);
  CHECK(listeners.at("others").refused == 1);
  CHECK(listeners.at("others").open == 0);
  CHECK(listeners.at("media").accepted == 1);
  CHECK(listeners.at("media").refused == 0);
  CHECK(listeners.at("media").open == 1);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("a client has so many connections and no more, whichever worker holds them, also after one died") {
  ProxyUnderTest proxy(set_up("max_per_source = 6\n"));
  std::vector<TcpPeer> held;
  for (int n = 0; n < 6; ++n) {
    held.push_back(proxy.connect());
    CHECK(ask(held.back())->status() == Status::ok);
  }
  TcpPeer seventh = proxy.connect();
  CHECK(seventh.closed());
  CHECK(stats_of(proxy).closed["too_many_from_source"] == 1);

  const Stats before = stats_of(proxy);
  const auto& victim = *std::ranges::max_element(before.workers, {}, &Stats::Worker::connections_open);
  REQUIRE(victim.connections_open > 0);
  ::kill(victim.pid, SIGKILL);
  const auto open = static_cast<std::size_t>(6 - victim.connections_open);
  REQUIRE(wait_until([&] { return stats_of(proxy).connections_open == static_cast<std::int64_t>(open); }));
  // What the dead worker had counted is free again, and no more than that.
  std::size_t let_in = 0;
  for (std::size_t n = open; n < 6; ++n) {
    held.push_back(proxy.connect());
    let_in += ask(held.back()) ? 1 : 0;
  }
  CHECK(let_in == 6 - open);
  TcpPeer one_more = proxy.connect();
  CHECK(one_more.closed());
  held.clear();
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("a full listener lets nobody in until somebody has gone, and nobody is refused") {
  ProxyUnderTest proxy(set_up("max_connections = 2\n"));
  TcpPeer first = proxy.connect(), second = proxy.connect();
  CHECK(ask(first)->status() == Status::ok);
  CHECK(ask(second)->status() == Status::ok);
  TcpPeer third = proxy.connect();  // the kernel says yes
  REQUIRE(third.send_frame({.type = 'V', .id = 3, .length = 1}));
  CHECK(third.silent(20ms));
  first.finish();
  const auto reply = third.read_frame();
  REQUIRE(reply);
  CHECK(reply->status() == Status::ok);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("over the request rate a client is told when to come again, and then it is served") {
  ProxyUnderTest proxy(set_up("source_request_rate = \"600/m\"\nsource_request_burst = 3\n"));
  TcpPeer eager = proxy.connect();
  for (std::uint64_t id = 1; id <= 3; ++id) CHECK(ask(eager, id)->status() == Status::ok);
  TcpPeer same_eager = proxy.connect();  // perhaps at the other worker
  const auto refused = ask(same_eager, 4);
  REQUIRE(refused);
  CHECK(refused->status() == Status::overloaded);
  CHECK(refused->header.service_us > 0);
  CHECK(refused->header.service_us <= 100'000);
  std::this_thread::sleep_for(std::chrono::microseconds(refused->header.service_us));
  CHECK(ask(same_eager, 5)->status() == Status::ok);
  CHECK(stats_of(proxy).rejected["overloaded"] == 1);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("over the connection rate connections wait their turn and all are served") {
  ProxyUnderTest proxy(set_up("connection_rate = \"50/s\"\nconnection_burst = 2\n"));
  const auto begun = std::chrono::steady_clock::now();
  for (std::uint64_t id = 1; id <= 8; ++id) {
    TcpPeer client = proxy.connect();
    CHECK(ask(client, id)->status() == Status::ok);
  }
  CHECK(std::chrono::steady_clock::now() - begun >= 100ms);  // six of them at 20 ms, the first at once
  CHECK(unrest_at_the_end(proxy) == "");
}
