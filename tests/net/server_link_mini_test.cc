// A link to a server that takes two bytes.
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

TEST_CASE("towards a mini server requests are two bytes and replies are matched by order") {
  LinkStage s(true);
  s.ask(1, {.code = 'V', .length = 5});
  s.ask(2, {.code = 'P', .length = 1});
  s.ask(3, {.code = 'M', .length = 9});
  REQUIRE(s.until_received(6));
  CHECK(s.server.peer().received() == "V5P1M9");
  s.server.peer().send("V5!");
  REQUIRE(s.until_answered(1));
  s.server.peer().send("9M9");
  REQUIRE(s.until_answered(3));
  CHECK(s.desk.answered() == "ok server_error ok");
  CHECK(s.desk.clients.given[1].tag == 2);
  CHECK(s.desk.clients.given[0].answer.service_us == 0);
  s.desk.check_quiet();
}

TEST_CASE("a mini reply to another request than the oldest closes the link: the order is lost") {
  LinkStage s(true);
  s.ask(1, {.code = 'V', .length = 5});
  s.ask(2, {.code = 'P', .length = 1});
  REQUIRE(s.until_received(4));
  s.server.peer().send("P1V5");
  REQUIRE(s.until_answered(2));
  CHECK(s.desk.answered() == "server_lost server_lost");
  s.server.hang_up();
  CHECK(s.until_up());
  s.desk.check_quiet();
}

TEST_CASE("a mini reply that nobody asked for is counted and closes the link") {
  LinkStage s(true);
  s.server.peer().send("V5");
  REQUIRE(s.until([&] { return s.total(ServerCell::unasked_replies) == 1; }));
  CHECK(s.link->state() != State::up);
  s.server.hang_up();
  CHECK(s.until_up());
}

TEST_CASE("the late reply of a mini request given up is taken off the stream and delivered to nobody") {
  LinkStage s(true);
  s.ask(1, {.code = 'V', .length = 5, .deadline_ms = 1000});
  s.ask(2, {.code = 'V', .length = 7});
  REQUIRE(s.until_received(4));
  s.desk.tick_after(2s);
  CHECK(s.desk.answered() == "deadline_exceeded");
  s.server.peer().send("V5");
  s.turn();
  CHECK(s.desk.clients.given.size() == 1);
  s.server.peer().send("V7");
  REQUIRE(s.until_answered(2));
  CHECK(s.desk.clients.given[1].tag == 2);
  CHECK(s.link->state() == State::up);
  s.desk.check_quiet();
}

TEST_CASE("half a mini reply dies with its connection") {
  LinkStage s(true);
  s.ask(1, {.length = 5});
  REQUIRE(s.until_received(2));
  s.server.peer().send("V");
  s.turn();
  s.server.hang_up();
  REQUIRE(s.until_answered(1));
  REQUIRE(s.until_up());
  s.ask(2, {.length = 6});
  REQUIRE(s.until_received(2));
  s.server.peer().send("V6");
  REQUIRE(s.until_answered(2));
  CHECK(s.desk.answered() == "server_lost ok");
  s.desk.check_quiet();
}
