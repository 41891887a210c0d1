// A stream of which one side breaks, over loopback: the other is to have all that came before, and then the
// reset.
#include <doctest/doctest.h>

#include "lb/worker/stream_session.h"
#include "tests/support/noise.h"
#include "tests/support/stream_stage.h"

using namespace finishline;
using namespace finishline::test;
using ledger::CloseReason;
using ledger::WorkerCell;

TEST_CASE("a reset is passed on as a reset, whichever side it comes from and whatever has ended before") {
  const config::Bulk way = each_way();
  for (const bool client_resets : {true, false}) {
    for (const bool other_had_ended : {false, true}) {
      CAPTURE(client_resets);
      CAPTURE(other_had_ended);
      StreamStage stage(way);
      StagePeer& client = stage.connect();
      StagePeer& server = stage.accept();
      StagePeer& one = client_resets ? client : server;
      StagePeer& other = client_resets ? server : client;
      one.send("last words");
      REQUIRE(stage.until([&] { return other.received() == "last words"; }));
      if (other_had_ended) {
        other.half_close();
        REQUIRE(stage.until([&] { return one.ended(); }));
      }
      one.reset();
      REQUIRE(stage.until([&] { return other.ended(); }));
      CHECK(other.was_reset());
      REQUIRE(stage.until_quiet());
      CHECK(stage.closed(client_resets ? CloseReason::client_gone : CloseReason::server_gone) == 1);
    }
  }
}

TEST_CASE("a reset right behind bytes is not taken for an orderly end") {
  StreamStage stage;
  StagePeer& client = stage.connect();
  StagePeer& server = stage.accept();
  client.send("last words");
  client.reset();
  REQUIRE(stage.until([&] { return server.ended(); }));
  CHECK(server.was_reset());
}

TEST_CASE("what a server said before it reset reaches the client, even one that was writing at that moment") {
  StreamStage stage;
  StagePeer& client = stage.connect();
  StagePeer& server = stage.accept();
  client.send("question");
  REQUIRE(stage.until([&] { return server.received() == "question"; }));
  client.send("more of it");
  server.send("too large");
  server.reset();  // both are there when the proxy looks
  REQUIRE(stage.until([&] { return client.ended(); }));
  CHECK(client.received() == "too large");
  CHECK(client.was_reset());
  REQUIRE(stage.until_quiet());
  CHECK(stage.closed(CloseReason::server_gone) == 1);
}

TEST_CASE("who keeps writing to a side that is gone hears of it") {
  StreamStage stage(each_way());
  StagePeer& client = stage.connect();
  StagePeer& server = stage.accept();
  client.half_close();
  REQUIRE(stage.until([&] { return server.ended(); }));
  client.close();
  server.send(noise(kMuch, 5));
  REQUIRE(stage.until_quiet());
  CHECK(stage.closed(CloseReason::client_gone) == 1);
  CHECK(stage.open() == 0);
}

TEST_CASE(
    "what a side has sent before it broke reaches the other side, however slowly that reads, and then the "
    "reset") {
  const config::Bulk way = each_way();
  for (const bool server_breaks : {true, false}) {
    for (const bool with_unread_input : {true, false}) {
      CAPTURE(server_breaks);
      CAPTURE(with_unread_input);
      StreamStage stage(way);
      StagePeer& client = stage.connect();
      StagePeer& server = stage.accept();
      StagePeer& breaks = server_breaks ? server : client;
      StagePeer& slow = server_breaks ? client : server;
      slow.set_reading(false);
      breaks.set_reading(false);
      slow.send("not read");  // an end with input unread is a reset, too
      const std::string much = noise(3'000'000, 11);
      breaks.send(much);
      REQUIRE(stage.until([&] { return breaks.unsent() == 0; }));
      stage.turn();
      if (with_unread_input) {
        breaks.close();
      } else {
        breaks.reset();
      }
      stage.turn();
      const std::size_t took = slow.received().size();
      CHECK(took == 0);
      slow.set_reading(true);
      REQUIRE(stage.until([&] { return slow.ended(); }));
      // What its own kernel had not sent yet, it took with it.
      CHECK((much.starts_with(slow.received())));
      CHECK(slow.received().size() > 100'000);
      CHECK(slow.was_reset());
      REQUIRE(stage.until_quiet());
      CHECK(stage.closed(server_breaks ? CloseReason::server_gone : CloseReason::client_gone) == 1);
      CHECK(stage.open() == 0);
    }
  }
}

TEST_CASE("who takes nothing of what is left for it is given up after half_closed_timeout") {
  StreamStage stage(each_way());
  stage.options.half_closed_timeout = 5s;
  StagePeer& client = stage.connect();
  StagePeer& server = stage.accept();
  client.set_reading(false);
  server.send(noise(kMuch, 12));
  REQUIRE(stage.until([&] { return stage.sessions.size() == 1 && server.unsent() < kMuch; }));
  stage.turn();
  server.reset();
  stage.turn();
  stage.check_time_after(0s);
  CHECK(stage.open() == 0);
  stage.check_time_after(4s);
  CHECK(stage.sessions.size() == 1);
  stage.check_time_after(6s);
  CHECK(stage.closed(CloseReason::half_closed_timeout) == 1);
  CHECK(stage.sessions.size() == 0);
  stage.turn();
}
