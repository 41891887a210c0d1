// Whether the server of a link lives, and takes what it is sent.
#include <doctest/doctest.h>

#include "lb/worker/server_link.h"
#include "tests/support/link_stage.h"

using namespace finishline;
using namespace finishline::test;
using namespace finishline::worker;
using ledger::ServerCell;
using proto::FrameHeader;
using proto::Kind;
using proto::Status;

namespace {

using State = ServerLink::State;

constexpr std::size_t kHeader = proto::kHeaderBytes;

}  // namespace

TEST_CASE("an idle link is pinged again and again, and stays for as long as it is answered") {
  LinkStage stage(false, true, 5ms);
  for (std::size_t n = 1; n <= 3; ++n) {
    REQUIRE(stage.until_received(n * proto::kHeaderBytes));
    CHECK(stage.server.peer().frames().back().header.kind == Kind::ping);
    stage.server.peer().send(frame_of({.kind = Kind::pong}));
  }
  CHECK(stage.link->state() == State::up);
  CHECK(stage.total(ServerCell::link_failures) == 0);
}

TEST_CASE("a link whose ping nobody answers is lost, and made anew") {
  LinkStage stage(false, true, 5ms);
  REQUIRE(stage.until([&] { return stage.total(ServerCell::link_failures) == 1; }));
  stage.server.hang_up();
  REQUIRE(stage.until_up());
}

TEST_CASE("a link is left in peace for as long as what was asked over it is not overdue") {
  LinkStage stage(false, true, 50ms);  // long enough to be asked before the first ping is due
  stage.ask(1, {.length = 60000});
  REQUIRE(stage.until_received(proto::kHeaderBytes));
  stage.until([beats = 150]() mutable { return --beats < 0; });
  CHECK(stage.server.peer().received().size() == proto::kHeaderBytes);
  CHECK(stage.link->state() == State::up);
  stage.reply(stage.token(0));
  REQUIRE(stage.until_answered(1));
}

TEST_CASE("a server that works on an overdue request is pinged, and keeps its link when it answers") {
  LinkStage stage(false, true, 50ms);  // in which it has to answer, on a busy machine too
  stage.ask(1);
  REQUIRE(stage.until([&] {
    const auto frames = stage.server.peer().frames();
    return !frames.empty() && frames.back().header.kind == Kind::ping && frames.size() >= 2;
  }));
  stage.server.peer().send(frame_of({.kind = Kind::pong}));
  stage.turn();
  CHECK(stage.link->state() == State::up);
}

TEST_CASE(
    "a server that answers neither an overdue request nor a ping loses its link, and the request goes on") {
  LinkStage stage(false, true, 5ms);
  stage.ask(1);
  REQUIRE(stage.until([&] { return stage.total(ServerCell::link_failures) == 1; }));
  CHECK(stage.desk.answered() == "server_lost");
}

TEST_CASE("a reply that is begun and does not go on is no sign of life, however it drips") {
  LinkStage stage(false, true, 10ms);
  stage.ask(1);
  REQUIRE(stage.until_received(proto::kHeaderBytes));
  const Bytes reply = LinkStage::reply_frame(stage.token(0), 0, std::string(900, 'r'));
  std::size_t sent = proto::kHeaderBytes;
  stage.server.peer().send(Bytes(reply.begin(), reply.begin() + proto::kHeaderBytes));
  REQUIRE(stage.until([&] {
    if (stage.server.connected() && stage.link->state() == State::up)
      stage.server.peer().send(Bytes(reply.begin() + sent, reply.begin() + sent + 1));
    ++sent;
    return stage.total(ServerCell::link_failures) == 1;
  }));
  CHECK(stage.desk.answered() == "server_lost");
}

TEST_CASE("a server that says goodbye is asked nothing more, and what it has is still its own") {
  LinkStage stage;
  stage.ask(1);
  REQUIRE(stage.until_received(kHeader));
  stage.server.peer().send(frame_of({.kind = Kind::goaway}));
  stage.reply(stage.token(0));
  REQUIRE(stage.until_answered(1));
  CHECK(stage.desk.answered() == "ok");
}

TEST_CASE("a server that takes two bytes is not pinged") {
  LinkStage stage(true, true, 5ms);
  stage.until([beats = 40]() mutable { return --beats < 0; });
  CHECK(stage.server.peer().received().empty());
  CHECK(stage.link->state() == State::up);
}

TEST_CASE("a link that the server does not read is full from its mark on, and free when it has been read") {
  LinkStage stage;
  stage.server.peer().set_reading(false);
  const std::string body(512 * 1024, 'b');
  std::uint64_t tag = 0;
  while (stage.desk.clients.given.empty() && tag < 60) {
    stage.ask(++tag, {.body = body});
    stage.turn();
  }
  CHECK(stage.desk.answered() == "overloaded");
  const auto sent = static_cast<std::size_t>(stage.total(ServerCell::sent));
  stage.server.peer().set_reading(true);
  REQUIRE(stage.until_received(sent * (proto::kHeaderBytes + body.size())));
  stage.ask(99);
  REQUIRE(stage.until([&] { return stage.total(ServerCell::sent) == static_cast<std::int64_t>(sent) + 1; }));
}
