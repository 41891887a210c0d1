// Servers that have enough to do: what comes on top is turned away with a time, or waits for its turn.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/client_program.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;
using proto::Status;

namespace {

SetUp set_up(const std::string& pool_keys) {
  SetUp set_up{.servers = {{.name = "video-1"}}, .workers = 2};
  set_up.pool_keys += "binding = \"early\"\nmax_backlog = \"20ms\"\n" + pool_keys;
  return set_up;
}

}  // namespace

TEST_CASE("a client that is told how long the only server is full comes again and is served") {
  ProxyUnderTest proxy(set_up(""));
  TcpPeer alice = proxy.connect(), bob = proxy.connect();
  REQUIRE(alice.send_frame({.type = 'V', .id = 1, .length = 200}));
  REQUIRE(wait_until([&] { return stats_of(proxy).server("video-1").in_flight == 1; }));
  REQUIRE(bob.send_frame({.type = 'V', .id = 2, .length = 1}));
  const auto refused = bob.read_frame();
  REQUIRE(refused);
  CHECK(refused->status() == Status::overloaded);
  CHECK(refused->header.service_us > 0);
  CHECK(refused->header.service_us <= 180'000);
  std::this_thread::sleep_for(std::chrono::microseconds(refused->header.service_us));
  REQUIRE(bob.send_frame({.type = 'V', .id = 3, .length = 1}));
  CHECK(bob.read_frame()->status() == Status::ok);
  CHECK(alice.read_frame()->status() == Status::ok);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("the bundled client gets all of its work done by servers that are always nearly full") {
  ProxyUnderTest proxy(set_up(""));
  ClientProgram client(proxy, {"--requests", "100", "--arrivals", "burst", "--concurrency", "4", "--mix",
                               "video=1", "--length", "1..5"});
  CHECK(client.check_perfect(100).at("refusals") > 0);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("where requests wait nobody is turned away, and a deadline holds while it waits") {
  ProxyUnderTest proxy(set_up("when_full = \"wait\"\n"));
  TcpPeer alice = proxy.connect();
  REQUIRE(alice.send_frame({.type = 'V', .id = 1, .length = 150}));
  REQUIRE(alice.send_frame({.type = 'V', .id = 2, .length = 1, .detail = 50}));
  REQUIRE(alice.send_frame({.type = 'V', .id = 3, .length = 1}));
  const auto first = alice.read_frame();
  REQUIRE(first);
  CHECK(first->header.id == 2);
  CHECK(first->status() == Status::deadline_exceeded);
  CHECK(alice.read_frame()->status() == Status::ok);
  CHECK(alice.read_frame()->status() == Status::ok);

  ClientProgram client(proxy, {"--requests", "100", "--arrivals", "burst", "--concurrency", "4", "--mix",
                               "video=1", "--length", "1..5"});
  CHECK(client.check_perfect(100).at("refusals") == 0);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("bound late, no more than max_waiting requests wait, and the next is told when to come again") {
  SetUp one{.servers = {{.name = "video-1"}}, .workers = 1};
  one.pool_keys += "max_waiting = 2\n";
  ProxyUnderTest proxy(one);
  const auto shows = [&](const std::string& line) {
    return wait_until([&] { return proxy.get("/metrics").body.find(line) != std::string::npos; });
  };
  TcpPeer alice = proxy.connect(), bob = proxy.connect();
  for (std::uint64_t id = 1; id <= 3; ++id) REQUIRE(alice.send_frame({.type = 'V', .id = id, .length = 200}));
  REQUIRE(shows("finishline_requests_waiting{worker=\"0\"} 2\n"));
  REQUIRE(bob.send_frame({.type = 'V', .id = 4, .length = 1}));
  const auto refused = bob.read_frame();
  REQUIRE(refused);
  CHECK(refused->status() == Status::overloaded);
  CHECK(refused->header.service_us > 0);
  for (int n = 0; n < 3; ++n) CHECK(alice.read_frame()->status() == Status::ok);
  CHECK(shows("finishline_requests_turned_away_total{worker=\"0\"} 1\n"));
  CHECK(unrest_at_the_end(proxy) == "");
}
