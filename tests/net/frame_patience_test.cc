// How long a client that speaks frames may take, and how it is told to go.
#include <doctest/doctest.h>

#include "lb/worker/frame_session.h"
#include "tests/support/frame_bystander.h"
#include "tests/support/session_stage.h"

using namespace finishline;
using namespace finishline::test;
using namespace finishline::worker;
using ledger::CloseReason;
using ledger::WorkerCell;
using proto::Kind;
using proto::Status;

namespace {

Bytes first_half(const Bytes& header) { return {header.begin(), header.begin() + 16}; }
Bytes second_half(const Bytes& header) { return {header.begin() + 16, header.end()}; }

}  // namespace

TEST_CASE("half a header and then silence ends at header_timeout, not before") {
  SessionStage proxy;
  proxy.options.header_timeout = 10s;
  Bystander other(proxy);
  const std::int64_t before = proxy.total(WorkerCell::client_bytes_in);
  StagePeer& client = proxy.connect();
  const Instant begun = moment();
  client.send(first_half(request(1)));
  REQUIRE(proxy.until_read(static_cast<std::size_t>(before) + 16));
  proxy.sessions.check_time(begun + 10s - 1ns);
  CHECK(proxy.closed(CloseReason::header_timeout) == 0);
  proxy.sessions.check_time(moment() + 10s);
  CHECK(proxy.until([&] { return client.ended(); }));
  CHECK(client.received().empty());
  CHECK(proxy.closed(CloseReason::header_timeout) == 1);
  other.check_undisturbed();
}

TEST_CASE("header_timeout is counted anew for every frame of a stream whose reads never end between two") {
  SessionStage proxy;
  proxy.options.header_timeout = 10s;
  StagePeer& client = proxy.connect();
  client.send(first_half(request(1)));
  REQUIRE(proxy.until_read(16));
  const Instant second_begins = moment();
  client.send(second_half(request(1)));
  client.send(first_half(request(2)));
  REQUIRE(proxy.until_read(48));
  proxy.sessions.check_time(second_begins + 10s - 1ns);
  CHECK(proxy.closed(CloseReason::header_timeout) == 0);
  proxy.sessions.check_time(moment() + 10s);
  CHECK(proxy.closed(CloseReason::header_timeout) == 1);
}

TEST_CASE("a client that waits for its own replies is not charged with a frame it began long ago") {
  SessionStage proxy;
  proxy.options.header_timeout = 10s;
  proxy.options.max_open = 1;
  StagePeer& client = proxy.connect();
  client.send(first_half(request(1)));
  REQUIRE(proxy.until_read(16));
  client.send(second_half(request(1)));
  client.send(request(2));
  REQUIRE(proxy.until_sent(1));
  proxy.sessions.check_time(moment() + 3600s);
  CHECK(proxy.closed(CloseReason::header_timeout) == 0);
  CHECK(proxy.until([&] { return proxy.serve(), client.frames().size() == 2; }));
}

TEST_CASE("an idle connection ends at idle_timeout, one with a request open does not") {
  SessionStage proxy;
  proxy.options.idle_timeout = 60s;
  StagePeer& idle = proxy.connect();
  StagePeer& busy = proxy.connect();
  busy.send(request(1));
  REQUIRE(proxy.until_sent(1));
  REQUIRE(proxy.until([&] { return proxy.sessions.size() == 2; }));
  proxy.sessions.check_time(moment() + 60s);
  CHECK(proxy.until([&] { return idle.ended(); }));
  CHECK(proxy.closed(CloseReason::idle_timeout) == 1);
  proxy.turn();
  CHECK_FALSE(busy.ended());
  proxy.reply(0);
  CHECK(proxy.until([&] { return busy.frames().size() == 1; }));
}

TEST_CASE(
    "a draining listener says goaway, refuses what is new, answers what is open, and closes when quiet") {
  SessionStage proxy;
  StagePeer& client = proxy.connect();
  client.send(request(1));
  REQUIRE(proxy.until_sent(1));
  proxy.sessions.drain_all();
  client.send(request(2));
  REQUIRE(proxy.until([&] { return client.frames().size() == 2; }));
  CHECK(client.received() ==
        text_of(frame_of({.kind = Kind::goaway})) + reply_bytes(request(2), Status::draining));
  proxy.sessions.check_time(moment() + 1s);
  proxy.turn();
  CHECK_FALSE(client.ended());
  proxy.reply(0);
  REQUIRE(proxy.until([&] { return client.frames().size() == 3; }));
  CHECK(client.frames()[2].status() == Status::ok);
  proxy.sessions.check_time(moment() + 1s);
  CHECK(proxy.until([&] { return client.ended(); }));
  CHECK(proxy.closed(CloseReason::drained) == 1);
  CHECK(proxy.rejected(Status::draining) == 1);
}

TEST_CASE("who goes on asking after goaway is refused, and let go after a moment") {
  SessionStage proxy;
  StagePeer& client = proxy.connect();
  client.send(request(1));
  REQUIRE(proxy.until_sent(1));
  proxy.reply(0);
  proxy.sessions.drain_all();
  client.send(request(2));
  REQUIRE(proxy.until([&] { return proxy.rejected(Status::draining) == 1; }));
  proxy.sessions.check_time(proxy.now() + 1500ms);
  REQUIRE(proxy.until([&] { return client.ended(); }));
  CHECK(proxy.closed(CloseReason::drained) == 1);
}

TEST_CASE("whoever connects and does not ask is closed after handshake_timeout, whatever bytes come") {
  SessionStage proxy;
  proxy.options.handshake_timeout = 10s;
  StagePeer& silent = proxy.connect();
  StagePeer& dripping = proxy.connect();
  StagePeer& asking = proxy.connect();
  asking.send(request(1));
  REQUIRE(proxy.until_sent(1));
  dripping.send(first_half(request(2)));
  REQUIRE(proxy.until_read(48));
  proxy.sessions.check_time(proxy.now() + 9s);
  CHECK(proxy.sessions.size() == 3);
  proxy.sessions.check_time(proxy.now() + 11s);
  CHECK(proxy.closed(CloseReason::handshake_timeout) == 2);
  REQUIRE(proxy.until([&] { return silent.ended() && dripping.ended(); }));
  proxy.reply(0);
  REQUIRE(proxy.until([&] { return asking.frames().size() == 1; }));
  proxy.sessions.check_time(proxy.now() + 100s);
  CHECK(proxy.sessions.size() == 1);
}

TEST_CASE("of the kinds of frames those that are answered end the handshake, and a cancel does not") {
  for (const Kind kind : {Kind::request, Kind::ping, Kind::describe, Kind::estimate, Kind::cancel}) {
    CAPTURE(static_cast<int>(kind));
    SessionStage proxy;
    proxy.options.handshake_timeout = 10s;
    StagePeer& client = proxy.connect();
    client.send(frame_of({.kind = kind, .type = 'V', .id = 1, .length = 1}));
    REQUIRE(proxy.until_read(proto::kHeaderBytes));
    CHECK(proxy.closed(CloseReason::bad_frame) == 0);
    proxy.sessions.check_time(proxy.now() + 11s);
    CHECK(proxy.closed(CloseReason::handshake_timeout) == (kind == Kind::cancel ? 1 : 0));
  }
}

TEST_CASE("an estimate with a larger body than may be is answered as an estimate") {
  SessionStage proxy;
  StagePeer& client = proxy.connect();
  Bytes frame = frame_of({.kind = Kind::estimate, .type = 'V', .id = 7, .length = 1});
  frame[0] = std::byte{0xff};  // of the length of its body
  client.send(frame);
  REQUIRE(proxy.until([&] { return client.frames().size() == 1; }));
  CHECK(client.frames()[0].header.kind == Kind::estimated);
  CHECK(client.frames()[0].header.id == 7);
  CHECK(client.frames()[0].header.detail == static_cast<std::uint32_t>(proto::Status::too_large));
}

TEST_CASE("frames that no client sends close the connection, and are no question") {
  for (const Kind kind :
       {Kind::reply, Kind::pong, Kind::goaway, Kind::description, Kind::estimated, Kind::resize}) {
    CAPTURE(static_cast<int>(kind));
    CHECK_FALSE(proto::is_answered(kind));
    SessionStage proxy;
    StagePeer& client = proxy.connect();
    client.send(frame_of({.kind = kind, .type = 'V', .id = 1, .length = 1}));
    REQUIRE(proxy.until([&] { return proxy.closed(CloseReason::bad_frame) == 1; }));
  }
}

TEST_CASE("a client that goes on cancelling gets no more time than one that is silent") {
  SessionStage proxy;
  proxy.options.handshake_timeout = 10s;
  StagePeer& client = proxy.connect();
  const Bytes cancel = frame_of({.kind = Kind::cancel, .id = 1});
  for (std::size_t n = 1; n <= 3; ++n) {
    client.send(cancel);
    REQUIRE(proxy.until_read(n * proto::kHeaderBytes));
    proxy.sessions.check_time(proxy.now() + 4s);
  }
  proxy.sessions.check_time(proxy.now() + 11s);
  CHECK(proxy.closed(CloseReason::handshake_timeout) == 1);
}

TEST_CASE("who has asked for nothing when the drain begins is served once, then told to go") {
  SessionStage proxy;
  StagePeer& before = proxy.connect();
  REQUIRE(proxy.until([&] { return proxy.sessions.size() == 1; }));
  proxy.sessions.drain_all();
  CHECK(before.received().empty());
  before.send(text_of(request(1)));
  REQUIRE(proxy.until_sent(1));
  proxy.serve();
  const std::string all = text_of(frame_of({.kind = Kind::goaway})) + reply_bytes(request(1), Status::ok);
  REQUIRE(proxy.until([&] { return before.received().size() >= all.size(); }));
  CHECK(proxy.rejected(Status::draining) == 0);
  before.send(text_of(request(2)));
  REQUIRE(proxy.until([&] { return proxy.rejected(Status::draining) == 1; }));
  proxy.sessions.check_time(proxy.now() + 1s);
  CHECK(proxy.closed(CloseReason::drained) == 1);
}

TEST_CASE("who has asked for nothing and goes on so is told after a moment, and then let go") {
  SessionStage proxy;
  StagePeer& idle = proxy.connect();
  REQUIRE(proxy.until([&] { return proxy.sessions.size() == 1; }));
  proxy.sessions.drain_all();
  proxy.sessions.check_time(proxy.now() + 500ms);
  CHECK(idle.received().empty());
  proxy.sessions.check_time(proxy.now() + 1s);
  REQUIRE(proxy.until([&] { return idle.received() == text_of(frame_of({.kind = Kind::goaway})); }));
  proxy.sessions.check_time(proxy.now() + 1s);
  CHECK(proxy.closed(CloseReason::drained) == 1);
}
