// What a server hears of requests that nobody wants any more: only one that has said that it understands it.
#include <doctest/doctest.h>

#include "lb/worker/server_link.h"
#include "tests/support/link_stage.h"

using namespace finishline;
using namespace finishline::test;
using namespace finishline::worker;
using ledger::ServerCell;
using proto::Kind;
using proto::Status;

namespace {

constexpr std::string_view kUnderstands = R"({"slots": 1, "cancel": true})";

/// One request is at the server; link_ping is far away.
class Play : public LinkStage {
 public:
  explicit Play(Nanos ping_after = std::chrono::hours(1), bool mini = false)
      : LinkStage(mini, true, ping_after) {
    ask(1, {.length = mini ? 9U : 1000U});
    REQUIRE(until([&] { return server.peer().received().size() >= (mini ? 2 : proto::kHeaderBytes); }));
  }
  void cancel(std::uint64_t tag) {
    desk.cancel(tag);
    desk.tick_after(1ms);
  }
  std::vector<StagePeer::Frame> heard() { return server.peer().frames(); }
  bool until_heard(std::size_t n) { return until_received(n * proto::kHeaderBytes); }
  void pong(std::uint64_t id, std::string_view body) {
    server.peer().send(frame_of({.kind = Kind::pong, .id = id}, body));
  }
};

}  // namespace

TEST_CASE("a server is asked once whether it understands cancel, then told of all") {
  Play play;
  play.ask(2, {.length = 1000});
  play.cancel(1);
  REQUIRE(play.until_heard(3));
  CHECK(play.heard()[2].header.kind == Kind::ping);
  CHECK(play.heard()[2].header.length == 1);
  play.pong(play.heard()[2].header.id, kUnderstands);
  REQUIRE(play.until_heard(4));
  CHECK(play.heard()[3].header.kind == Kind::cancel);
  CHECK(play.heard()[3].header.id == play.token(0));
  play.cancel(2);
  REQUIRE(play.until_heard(5));
  CHECK(play.heard()[4].header.kind == Kind::cancel);
  CHECK(play.heard()[4].header.id == play.token(1));
  CHECK(play.total(ServerCell::cancels) == 2);
  play.reply(play.token(0), Status::cancelled);
  play.reply(play.token(1), Status::cancelled);
  REQUIRE(play.until([&] { return play.desk.dispatcher.in_flight() == 0; }));
  CHECK(play.desk.answered() == "cancelled cancelled");
  play.desk.check_quiet();
}

TEST_CASE("a server that does not say that it understands cancel is never sent one") {
  for (const std::string_view body : {"", "{\"slots\": 1}", "no JSON", "{\"cancel\": 1}"}) {
    CAPTURE(body);
    Play play;
    play.cancel(1);
    REQUIRE(play.until_heard(2));
    play.pong(play.heard()[1].header.id, body);
    play.ask(2, {.length = 1000});
    REQUIRE(play.until_heard(3));
    play.cancel(2);
    play.turn();
    CHECK(play.heard().size() == 3);
    CHECK(play.total(ServerCell::cancels) == 0);
  }
}

TEST_CASE("what has been answered while the server was asked is not cancelled") {
  Play play;
  play.cancel(1);
  REQUIRE(play.until_heard(2));
  play.reply(play.token(0));
  REQUIRE(play.until([&] { return play.desk.dispatcher.in_flight() == 0; }));
  play.pong(play.heard()[1].header.id, kUnderstands);
  play.turn();
  CHECK(play.heard().size() == 2);
}

TEST_CASE("a server that is never pinged, and one of the two-byte protocol, hear nothing of it") {
  Play never_pinged(0ns);
  never_pinged.cancel(1);
  never_pinged.turn();
  CHECK(never_pinged.heard().size() == 1);
  Play mini(std::chrono::hours(1), true);
  mini.cancel(1);
  mini.turn();
  CHECK(mini.server.peer().received().size() == 2);
}

TEST_CASE("after a new connection the server is asked anew: it may be another one") {
  Play play;
  play.cancel(1);
  REQUIRE(play.until_heard(2));
  play.pong(play.heard()[1].header.id, kUnderstands);
  REQUIRE(play.until_heard(3));
  play.server.hang_up();
  REQUIRE(play.until([&] { return play.total(ServerCell::link_failures) == 1; }));
  REQUIRE(play.until_up());
  play.ask(2, {.length = 1000});
  REQUIRE(play.until_heard(1));
  play.cancel(2);
  REQUIRE(play.until_heard(2));
  CHECK(play.heard()[1].header.kind == Kind::ping);
}
