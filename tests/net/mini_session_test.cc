// What a client that speaks the two-byte protocol can do, and what it sees, over loopback.
#include "lb/worker/mini_session.h"

#include <doctest/doctest.h>

#include <thread>

#include "tests/support/session_stage.h"

using namespace finishline;
using namespace finishline::test;
using ledger::CloseReason;
using proto::Status;

TEST_CASE("the original client: connect, send V5, read two bytes, close") {
  SessionStage proxy(Protocol::mini);
  StagePeer& client = proxy.connect();
  client.send("V5");
  REQUIRE(proxy.until_sent(1));
  CHECK(proxy.link.sent[0].request.length == 5);
  CHECK(proxy.link.sent[0].request.retryable());
  proxy.reply(0);
  REQUIRE(proxy.until([&] { return client.received().size() == 2; }));
  CHECK(client.received() == "V5");
  client.close();
  CHECK(proxy.until([&] { return proxy.closed(CloseReason::client_closed) == 1; }));
}

TEST_CASE("mini replies leave in the order of their requests, whatever the servers' order") {
  SessionStage proxy(Protocol::mini);
  StagePeer& client = proxy.connect();
  client.send("V5P1M9");
  REQUIRE(proxy.until_sent(3));
  proxy.reply(2);
  proxy.reply(1, Status::server_error);
  proxy.turn();
  CHECK(client.received().empty());
  proxy.reply(0);
  CHECK(proxy.until([&] { return client.received() == "V5!9M9"; }));
}

TEST_CASE("a letter that names no type keeps its place among the replies and harms no other") {
  SessionStage proxy(Protocol::mini);
  StagePeer& client = proxy.connect();
  client.send("V5X1V2");
  REQUIRE(proxy.until_sent(2));
  proxy.turn();
  CHECK(client.received().empty());
  proxy.serve();
  CHECK(proxy.until([&] { return client.received() == "V5!2V2"; }));
}

TEST_CASE("two bytes that are no request are answered behind all earlier ones, and the connection closes") {
  SessionStage proxy(Protocol::mini);
  StagePeer& other = proxy.connect();
  other.send("M1");
  REQUIRE(proxy.until_sent(1));
  StagePeer& client = proxy.connect();
  client.send("V5??P1");
  REQUIRE(proxy.until_sent(2));
  proxy.turn();
  CHECK(client.received().empty());
  proxy.reply(1);
  REQUIRE(proxy.until([&] { return client.ended(); }));
  CHECK(client.received() == "V5!1");
  CHECK(proxy.closed(CloseReason::bad_frame) == 1);
  proxy.reply(0);
  CHECK(proxy.until([&] { return other.received() == "M1"; }));
}

TEST_CASE("a terminal's newline behind a mini request does no harm") {
  SessionStage proxy(Protocol::mini);
  StagePeer& client = proxy.connect();
  client.send("V5\n");
  client.half_close();
  CHECK(proxy.until([&] { return proxy.serve(), client.ended(); }));
  CHECK(client.received() == "V5");
}

TEST_CASE("mini requests cut anywhere and sent far ahead are all answered in order") {
  SessionStage proxy(Protocol::mini);
  proxy.options.max_open = 8;
  StagePeer& client = proxy.connect();
  std::string all;
  for (int i = 0; i < 5000; ++i) all += "VPM"[i % 3] + std::to_string(i % 10);
  for (std::size_t at = 0; at < all.size(); at += 777) client.send(all.substr(at, 777));
  std::size_t most = 0, before = 0;
  REQUIRE(proxy.until([&] {
    most = std::max(most, proxy.link.sent.size() - before);
    before = proxy.link.sent.size();
    proxy.serve();
    return client.received().size() == all.size();
  }));
  CHECK(client.received() == all);
  CHECK(most == 8);
}

TEST_CASE("refused words that wait for their turn count as open, and no more are taken than may be") {
  SessionStage stage(Protocol::mini);
  stage.options.max_open = 8;
  StagePeer& client = stage.connect();
  std::string words = "V9";
  for (int n = 0; n < 100'000; ++n) words += "X1";
  client.send(words);
  stage.turn(100);
  CHECK(stage.rejected(Status::unknown_type) == 7);
  CHECK(stage.held() < std::size_t{2} << 20);
  stage.reply(0);
  REQUIRE(stage.until([&] { return client.received().size() == words.size(); }));
  CHECK(stage.rejected(Status::unknown_type) == 100'000);
}

TEST_CASE("who has asked for nothing when the drain begins gets its first reply, and then the end") {
  SessionStage proxy(Protocol::mini);
  StagePeer& client = proxy.connect();
  REQUIRE(proxy.until([&] { return proxy.sessions.size() == 1; }));
  proxy.sessions.drain_all();
  client.send("V5");
  REQUIRE(proxy.until_sent(1));
  proxy.serve();
  REQUIRE(proxy.until([&] { return client.ended(); }));
  CHECK(client.received().size() == 2);
  CHECK(client.received()[0] != '!');
  CHECK(proxy.closed(CloseReason::drained) == 1);
}

TEST_CASE("where no goaway can be said, the pause that ends a drain begins with the last reply") {
  SessionStage proxy(Protocol::mini);
  StagePeer& client = proxy.connect();
  client.send("V5");
  REQUIRE(proxy.until_sent(1));
  proxy.sessions.drain_all();
  std::this_thread::sleep_for(250ms);  // of work, longer than the pause
  proxy.turn();
  proxy.serve();
  REQUIRE(proxy.until([&] { return client.received().size() == 2; }));
  proxy.sessions.check_time(proxy.now());
  client.send("V5");
  REQUIRE(proxy.until_sent(2));
  proxy.serve();
  REQUIRE(proxy.until([&] { return client.received().size() == 4; }));
  CHECK(client.received()[2] != '!');
}

TEST_CASE("where no goaway can be said, a drain serves what comes and ends in a pause, or after a moment") {
  for (const bool pauses : {true, false}) {
    CAPTURE(pauses);
    SessionStage proxy(Protocol::mini);
    StagePeer& client = proxy.connect();
    const auto ask = [&](std::size_t n) {
      client.send("V5");
      REQUIRE(proxy.until_sent(n));
      proxy.serve();
      REQUIRE(proxy.until([&] { return client.received().size() == 2 * n; }));
      CHECK(client.received()[2 * n - 2] != '!');
    };
    ask(1);
    proxy.sessions.drain_all();
    ask(2);
    proxy.sessions.check_time(proxy.now());
    ask(3);
    CHECK(proxy.rejected(Status::draining) == 0);
    if (!pauses) client.send("V5");
    if (!pauses) REQUIRE(proxy.until_sent(4));
    proxy.sessions.check_time(proxy.now() + (pauses ? 300ms : 1500ms));
    if (!pauses) proxy.serve();
    REQUIRE(proxy.until([&] { return client.ended(); }));
    CHECK(client.received().size() == (pauses ? 6U : 8U));
    CHECK(proxy.closed(CloseReason::drained) == 1);
  }
}
