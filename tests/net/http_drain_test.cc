// How a client that speaks HTTP takes leave of a worker that drains, over loopback.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/http_stage.h"

using namespace finishline;
using namespace finishline::test;
using ledger::CloseReason;

TEST_CASE("in a drain the next request is served, told that the connection ends, and the last") {
  SessionStage proxy(Protocol::http);
  StagePeer& fresh = proxy.connect();
  StagePeer& client = proxy.connect();
  client.send(post("/video?length=1", "one"));
  REQUIRE(proxy.until_sent(1));
  proxy.reply(0);
  REQUIRE(until_has(proxy, client, "one"));
  proxy.sessions.drain_all();
  client.send(post("/video?length=1", "two") + post("/video?length=1", "three"));
  fresh.send(post("/video?length=1", "four"));
  REQUIRE(proxy.until_sent(3));
  proxy.reply(1);
  proxy.reply(2);
  REQUIRE(proxy.until([&] { return client.ended() && fresh.ended(); }));
  CHECK(count(client.received(), "HTTP/1.1 200 OK") == 2);
  CHECK(count(client.received(), "Connection: close") == 1);
  CHECK(count(fresh.received(), "HTTP/1.1 200 OK") == 1);
  CHECK(proxy.closed(CloseReason::drained) == 2);
}

TEST_CASE("in a drain a request that is coming in is served before the connection ends") {
  SessionStage proxy(Protocol::http);
  StagePeer& client = proxy.connect();
  const std::string second = post("/video?length=1", "two");
  client.send(post("/video?length=1", "one") + second.substr(0, second.size() - 1));
  REQUIRE(proxy.until_sent(1));
  proxy.sessions.drain_all();
  proxy.reply(0);
  REQUIRE(until_has(proxy, client, "one"));
  CHECK_FALSE(has(client, "Connection: close"));
  proxy.sessions.check_time(proxy.now() + 1500ms);
  client.send(second.substr(second.size() - 1));
  REQUIRE(proxy.until_sent(2));
  proxy.reply(1);
  REQUIRE(proxy.until([&] { return client.ended(); }));
  CHECK(count(client.received(), "HTTP/1.1 200 OK") == 2);
  CHECK(count(client.received(), "Connection: close") == 1);
}
