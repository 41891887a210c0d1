// Frames over a link to a server, and what becomes of them when the link is lost.
#include "lb/worker/server_link.h"

#include <doctest/doctest.h>

#include "tests/support/link_stage.h"
#include "tests/support/log_file.h"

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

TEST_CASE("a link comes from its sources, and after a loss from the next") {
  const auto host = [](const char* text) { return std::get<net::Address>(net::parse_host(text)); };
  LinkStage stage(false, true, 0ns, {host("127.0.0.7"), host("127.0.0.8")});
  CHECK(stage.server.peer().host() == "127.0.0.7");
  stage.server.hang_up();
  REQUIRE(stage.until([&] { return stage.link->state() == State::waiting; }));
  REQUIRE(stage.until_up());
  CHECK(stage.server.peer().host() == "127.0.0.8");
}

TEST_CASE("a request leaves with its token for an id, and its reply finds the way back") {
  LinkStage s;
  CHECK(s.tried == 1);
  s.ask(7, {.length = 5, .retryable = true, .deadline_ms = 2000, .body = "cat"});
  REQUIRE(s.until_received(kHeader + 3));
  const std::uint64_t token = s.token(0);
  const FrameHeader expected{.kind = Kind::request,
                             .type = 'V',
                             .flags = proto::kRetryable,
                             .id = token,
                             .length = 5,
                             .detail = 2000};
  CHECK(s.server.peer().received() == text_of(frame_of(expected, "cat")));
  s.reply(token, Status::ok, "dog");
  REQUIRE(s.until_answered(1));
  CHECK(s.desk.clients.given[0].tag == 7);
  CHECK(text_of(s.desk.clients.given[0].body) == "dog");
  CHECK(s.desk.clients.given[0].answer.service_us == 700);
  s.desk.check_quiet();
}

TEST_CASE("replies find their requests in any order, in one piece or byte by byte") {
  LinkStage s;
  for (std::uint64_t tag = 0; tag < 4; ++tag) s.ask(tag);
  REQUIRE(s.until_received(4 * kHeader));
  Bytes together = LinkStage::reply_frame(s.token(3));
  for (const std::byte b : LinkStage::reply_frame(s.token(1))) together.push_back(b);
  s.server.peer().send(together);
  REQUIRE(s.until_answered(2));
  for (const std::byte b : LinkStage::reply_frame(s.token(0), 0, "slowly")) {
    s.server.peer().send(std::span(&b, 1));
    s.until([] { return true; });
  }
  REQUIRE(s.until_answered(3));
  s.reply(s.token(2));
  REQUIRE(s.until_answered(4));
  std::vector<std::uint64_t> order;
  for (const auto& given : s.desk.clients.given) order.push_back(given.tag);
  CHECK(order == std::vector<std::uint64_t>{3, 1, 0, 2});
  CHECK(text_of(s.desk.clients.given[2].body) == "slowly");
  s.desk.check_quiet();
}

TEST_CASE("a reply that nobody asked for is counted and dropped, and the link stays") {
  LinkStage s;
  s.ask(1);
  REQUIRE(s.until_received(kHeader));
  s.reply(4711);
  s.reply(s.token(0));
  s.reply(s.token(0));
  REQUIRE(s.until([&] { return s.total(ServerCell::unasked_replies) == 2; }));
  CHECK(s.desk.answered() == "ok");
  CHECK(s.link->state() == State::up);
  s.desk.check_quiet();
}

TEST_CASE("a server's failure is passed on; a status from a later version is its failure, too") {
  LinkStage s;
  s.ask(1);
  s.ask(2);
  REQUIRE(s.until_received(2 * kHeader));
  s.reply(s.token(0), Status::server_error);
  s.server.peer().send(LinkStage::reply_frame(s.token(1), 4711));
  REQUIRE(s.until_answered(2));
  CHECK(s.desk.answered() == "server_error server_error");
  s.desk.check_quiet();
}

TEST_CASE("a reply with too large a body is too_large for its request alone") {
  LinkStage s;
  s.ask(1);
  s.ask(2);
  REQUIRE(s.until_received(2 * kHeader));
  s.reply(s.token(0), Status::ok, std::string(5000, 'x'));
  s.reply(s.token(1));
  REQUIRE(s.until_answered(2));
  CHECK(s.desk.answered() == "too_large ok");
  CHECK(s.desk.reader.total(ledger::WorkerCell::large_replies) == 1);
  CHECK(s.link->state() == State::up);
  s.desk.check_quiet();
}

TEST_CASE("what has a reply that is too large was done, and is not done again by another server") {
  for (const bool retryable : {false, true}) {
    LinkStage s;
    s.ask(1, {.retryable = retryable});
    REQUIRE(s.until_received(kHeader));
    s.desk.ledger.set_state(1, ledger::ServerState::up);
    s.reply(s.token(0), Status::ok, std::string(5000, 'x'));
    REQUIRE(s.until([&] { return !s.desk.clients.given.empty() || !s.desk.links[0].sent.empty(); }));
    CHECK(s.desk.answered() == "too_large");
    CHECK(s.desk.links[0].sent.empty());
    CHECK(s.desk.reader.total(ledger::WorkerCell::refusals) == 0);
    CHECK(s.desk.clients.given[0].answer.done);
    s.desk.check_quiet();
  }
}

TEST_CASE("pongs, goaways and descriptions that nobody waits for do no harm") {
  LinkStage s;
  s.ask(1);
  REQUIRE(s.until_received(kHeader));
  for (const Kind kind : {Kind::pong, Kind::goaway, Kind::description}) {
    s.server.peer().send(frame_of({.kind = kind, .id = s.token(0)}));
  }
  s.reply(s.token(0));
  REQUIRE(s.until_answered(1));
  CHECK(s.desk.answered() == "ok");
  CHECK(s.total(ServerCell::unasked_replies) == 0);
}

TEST_CASE("a server that is absent at start is said to be, and taken in when it appears") {
  LinkStage s(false, false);
  REQUIRE(s.until([&] { return s.tried == 1; }));
  CHECK(s.link->state() == State::waiting);
  CHECK(s.total(ServerCell::link_failures) >= 1);
  s.ask(1);
  CHECK(s.desk.answered() == "no_server");
  s.server.appear();
  REQUIRE(s.until_up());
  s.ask(2);
  REQUIRE(s.until_received(kHeader));
  s.reply(s.token(0));
  REQUIRE(s.until_answered(2));
  CHECK(s.desk.answered() == "no_server ok");
  CHECK(s.tried == 1);
}

TEST_CASE("a lost link costs what was in flight, comes back by itself and knows nothing of before") {
  LinkStage s;
  s.ask(1);
  s.ask(2);
  REQUIRE(s.until_received(2 * kHeader));
  const std::uint64_t old_token = s.token(0);
  const Bytes half = LinkStage::reply_frame(s.token(1));
  s.server.peer().send(std::span(half).first(20));
  s.turn();
  s.server.hang_up();
  REQUIRE(s.until_answered(2));
  CHECK(s.desk.answered() == "server_lost server_lost");
  REQUIRE(s.until_up());
  CHECK(s.total(ServerCell::link_failures) == 1);
  CHECK(s.total(ServerCell::links_up) == 1);

  s.ask(3);
  REQUIRE(s.until_received(kHeader));
  s.reply(old_token);  // of the connection before
  s.reply(s.token(0));
  REQUIRE(s.until_answered(3));
  CHECK(s.desk.answered() == "server_lost server_lost ok");
  CHECK(s.desk.clients.given[2].tag == 3);
  CHECK(s.total(ServerCell::unasked_replies) == 1);
  s.desk.check_quiet();
}

TEST_CASE("what may be done twice goes to another server when the link is lost") {
  LinkStage s;
  s.ask(1, {.retryable = true, .body = "keep me"});
  REQUIRE(s.until_received(kHeader + 7));
  s.desk.ledger.set_state(1, ledger::ServerState::up);
  s.server.vanish();
  REQUIRE(s.until([&] { return !s.desk.links[0].sent.empty(); }));
  CHECK(text_of(s.desk.links[0].sent[0].body) == "keep me");
  CHECK(s.desk.clients.given.empty());
}

TEST_CASE("a server that sends bytes which are no frame loses its link, and may try again") {
  LinkStage s;
  s.ask(1);
  REQUIRE(s.until_received(kHeader));
  s.server.peer().send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  REQUIRE(s.until_answered(1));
  CHECK(s.desk.answered() == "server_lost");
  CHECK(s.until([&] { return s.server.peer().ended(); }));
  s.server.hang_up();
  REQUIRE(s.until_up());
  s.ask(2);
  REQUIRE(s.until_received(kHeader));
  s.reply(s.token(0));
  REQUIRE(s.until_answered(2));
  s.desk.check_quiet();
}

TEST_CASE(
    "a server that goes on sending bytes which are no frame is told of once, and when it has come to its "
    "senses") {
  LogFile log;
  LinkStage s;
  log.start(log::Format::text);
  for (int n = 0; n < 4; ++n) {
    REQUIRE(s.until_up());
    s.server.peer().send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    REQUIRE(s.until([&] { return s.server.peer().ended(); }));
    s.server.hang_up();
  }
  CHECK(log.count(" link_down ") == 1);
  CHECK(log.count(" link_up ") == 0);
  REQUIRE(s.until_up());
  s.ask(1);
  REQUIRE(s.until_received(kHeader));
  s.reply(s.token(0));
  REQUIRE(s.until_answered(1));
  CHECK(log.count(" link_up ") == 1);
  s.desk.check_quiet();
}

TEST_CASE("a server that sends requests of its own sends no frames of this direction") {
  LinkStage s;
  s.server.peer().send(frame_of({.kind = Kind::request, .type = 'V', .id = 1, .length = 1}));
  CHECK(s.until([&] { return s.link->state() != State::up; }));
}

TEST_CASE("a link may go in any state and leaves nothing on the loop") {
  LinkStage up;
  up.link.reset();
  LinkStage waiting(false, false);
  REQUIRE(waiting.until([&] { return waiting.tried == 1; }));
  waiting.link.reset();
  LinkStage connecting(false, false);
  connecting.link.reset();
  CHECK(up.until([&] { return up.server.peer().ended(); }));
}
