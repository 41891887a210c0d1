// What a client that speaks frames asks for and is given, over loopback.
#include "lb/worker/frame_session.h"

#include <doctest/doctest.h>

#include <set>

#include "tests/support/frame_bystander.h"
#include "tests/support/session_stage.h"

using namespace finishline;
using namespace finishline::test;
using namespace finishline::worker;
using ledger::CloseReason;
using ledger::WorkerCell;
using proto::FrameHeader;
using proto::Kind;
using proto::Status;

TEST_CASE("a request goes out with a token for its id and comes back as it was asked, with its server") {
  SessionStage proxy;
  StagePeer& client = proxy.connect();
  const Bytes asked = frame_of(
      {.kind = Kind::request, .type = 'V', .flags = proto::kRetryable, .id = 7, .length = 5, .detail = 2000},
      "cat");
  client.send(asked);
  REQUIRE(proxy.until_sent(1));
  CHECK(text_of(proxy.link.sent[0].body) == "cat");
  CHECK(proxy.link.sent[0].request.deadline_ms == 2000);
  proxy.reply(0);
  const std::string expected = reply_bytes(asked, Status::ok, "cat");
  CHECK(proxy.until([&] { return client.received().size() >= expected.size(); }));
  CHECK(client.received() == expected);
  CHECK(proxy.total(WorkerCell::client_bytes_in) == static_cast<std::int64_t>(asked.size()));
  CHECK(proxy.total(WorkerCell::client_bytes_out) == static_cast<std::int64_t>(expected.size()));
}

TEST_CASE("replies leave as they come, whatever the order of the requests") {
  SessionStage proxy;
  StagePeer& client = proxy.connect();
  for (std::uint64_t id = 0; id < 3; ++id) client.send(request(id));
  REQUIRE(proxy.until_sent(3));
  for (const std::size_t n : {2U, 0U, 1U}) proxy.reply(n);
  REQUIRE(proxy.until([&] { return client.frames().size() == 3; }));
  CHECK(client.frames()[0].header.id == 2);
  CHECK(client.frames()[1].header.id == 0);
  CHECK(client.frames()[2].header.id == 1);
}

TEST_CASE("a client that ends between two requests is counted as closed by itself") {
  SessionStage proxy;
  StagePeer& client = proxy.connect();
  client.send(request(1));
  REQUIRE(proxy.until_sent(1));
  proxy.reply(0);
  REQUIRE(proxy.until([&] { return !client.frames().empty(); }));
  client.close();
  CHECK(proxy.until([&] { return proxy.closed(CloseReason::client_closed) == 1; }));
  CHECK(proxy.total(WorkerCell::connections_open) == 0);
  CHECK(proxy.total(WorkerCell::connections_accepted) == 1);
}

TEST_CASE("two clients may use the same id and each gets its own reply") {
  SessionStage proxy;
  StagePeer& a = proxy.connect();
  StagePeer& b = proxy.connect();
  a.send(request(1, 1, "of a"));
  REQUIRE(proxy.until_sent(1));
  b.send(request(1, 1, "of b"));
  REQUIRE(proxy.until_sent(2));
  proxy.reply(1);
  proxy.reply(0);
  REQUIRE(proxy.until([&] { return a.frames().size() == 1 && b.frames().size() == 1; }));
  CHECK(a.frames()[0].body == "of a");
  CHECK(b.frames()[0].body == "of b");
}

TEST_CASE("of 10,000 pipelined requests no more than max_open are under way, and all are answered once") {
  SessionStage proxy;
  proxy.options.max_open = 64;
  Bystander other(proxy);
  StagePeer& client = proxy.connect();
  for (std::uint64_t id = 0; id < 10000; ++id) client.send(request(id));
  REQUIRE(proxy.until_sent(65));
  proxy.turn();
  CHECK(proxy.link.sent.size() == 65);  // the bystander's and 64
  std::size_t replied = 1;
  std::size_t most = 0;
  REQUIRE(proxy.until([&] {
    most = std::max(most, proxy.link.sent.size() - replied);
    for (const std::size_t end = proxy.link.sent.size(); replied < end; ++replied) proxy.reply(replied);
    return client.received().size() == 10000 * proto::kHeaderBytes;
  }));
  CHECK(most == 64);
  std::set<std::uint64_t> ids;
  for (const auto& reply : client.frames()) ids.insert(reply.header.id);
  CHECK(ids.size() == 10000);
  other.check_undisturbed();
}

TEST_CASE("a client that sends 10,000 requests and reads nothing is not read beyond its share of memory") {
  constexpr std::size_t kReply = 4096;
  SessionStage proxy;
  proxy.options.max_open = 64;
  Bystander other(proxy);
  StagePeer& client = proxy.connect();
  client.set_reading(false);
  for (std::uint64_t id = 0; id < 10000; ++id) client.send(request(id));
  std::size_t replied = 1, quiet = 0;
  const auto serve = [&] {
    const std::size_t end = proxy.link.sent.size();
    quiet = replied == end ? quiet + 1 : 0;
    const Bytes body(kReply);
    for (; replied < end; ++replied) {
      proxy.dispatcher.on_reply(0, proxy.link.sent[replied].token, {.service = 1ms, .body = body}, moment());
    }
  };
  REQUIRE(proxy.until([&] { return serve(), quiet > 50; }));
  CHECK(replied < 5000);
  // High-water mark, one share of max_open beyond it, and what the kernel's send buffer takes (4 MiB).
  CHECK(proxy.total(WorkerCell::client_bytes_out) < (8 << 20));
  client.set_reading(true);
  REQUIRE(proxy.until(
      [&] { return serve(), client.received().size() == 10000 * (proto::kHeaderBytes + kReply); }));
  std::set<std::uint64_t> ids;
  for (const auto& reply : client.frames()) ids.insert(reply.header.id);
  CHECK(ids.size() == 10000);
  other.check_undisturbed();
}

TEST_CASE("a client that has said all it wanted still hears all that it asked for") {
  SessionStage proxy;
  StagePeer& client = proxy.connect();
  for (std::uint64_t id = 0; id < 3; ++id) client.send(request(id));
  client.half_close();
  REQUIRE(proxy.until_sent(3));
  proxy.turn();
  CHECK_FALSE(client.ended());
  for (std::size_t n = 0; n < 3; ++n) proxy.reply(n);
  REQUIRE(proxy.until([&] { return client.ended(); }));
  CHECK(client.frames().size() == 3);
  CHECK(proxy.closed(CloseReason::client_closed) == 1);
}

TEST_CASE("a half-close behind more requests than may be open loses none of them") {
  SessionStage proxy;
  proxy.options.max_open = 4;
  StagePeer& client = proxy.connect();
  for (std::uint64_t id = 0; id < 100; ++id) client.send(request(id));
  client.half_close();
  REQUIRE(proxy.until([&] { return proxy.serve(), client.ended(); }));
  CHECK(client.frames().size() == 100);
  CHECK(proxy.closed(CloseReason::client_closed) == 1);
}

TEST_CASE("a client that resets with a request open is gone, and the reply is nobody's") {
  SessionStage proxy;
  Bystander other(proxy);
  StagePeer& client = proxy.connect();
  client.send(request(1));
  REQUIRE(proxy.until_sent(2));
  client.reset();
  REQUIRE(proxy.until([&] { return proxy.closed(CloseReason::client_gone) == 1; }));
  proxy.reply(1);
  CHECK(proxy.total(WorkerCell::orphan_replies) == 1);
  other.check_undisturbed();
}

TEST_CASE("a reply to a client that has gone never reaches the one that took its place") {
  SessionStage proxy;
  StagePeer& gone = proxy.connect();
  gone.send(request(1));
  REQUIRE(proxy.until_sent(1));
  gone.reset();
  REQUIRE(proxy.until([&] { return proxy.sessions.size() == 0; }));
  StagePeer& next = proxy.connect();
  next.send(request(1));
  REQUIRE(proxy.until_sent(2));
  proxy.reply(0);
  proxy.turn();
  CHECK(next.received().empty());
  proxy.reply(1);
  CHECK(proxy.until([&] { return next.frames().size() == 1; }));
}

TEST_CASE("a ping is answered at once, before work that came earlier") {
  SessionStage proxy;
  StagePeer& client = proxy.connect();
  client.send(request(1));
  client.send(frame_of({.kind = Kind::ping, .id = 0xabcdef}));
  REQUIRE(proxy.until([&] { return client.received().size() >= proto::kHeaderBytes; }));
  CHECK(client.received() == text_of(frame_of({.kind = Kind::pong, .id = 0xabcdef})));
}

TEST_CASE("a client that asks is told what the pool looks like, unless the listener refuses") {
  const Bytes ask = frame_of({.kind = Kind::describe, .id = 5});
  const auto told = [&](const std::string& description) {
    SessionStage proxy;
    proxy.options.description = description;
    StagePeer& client = proxy.connect();
    client.send(ask);
    CHECK(proxy.until([&] { return client.frames().size() == 1; }));
    return client.received();
  };
  CHECK(told("{\"unit_ns\":1}") ==
        text_of(frame_of({.kind = Kind::description, .id = 5}, "{\"unit_ns\":1}")));
  CHECK(told("") ==
        text_of(frame_of(
            {.kind = Kind::description, .id = 5, .detail = static_cast<std::uint32_t>(Status::no_server)})));
}

TEST_CASE(
    "who asks when a request would be done is told at once, with the kind of server, and no server hears") {
  SessionStage proxy;
  StagePeer& client = proxy.connect();
  client.send(frame_of({.kind = Kind::estimate, .type = 'V', .flags = 2, .id = 8, .length = 5}));
  client.send(frame_of({.kind = Kind::estimate, .type = '?', .id = 9, .length = 5}));
  CHECK(proxy.until([&] { return client.frames().size() == 2; }));
  const auto unknown = static_cast<std::uint32_t>(Status::unknown_type);
  CHECK(
      client.received() ==
      text_of(frame_of(
          {.kind = Kind::estimated, .type = 'V', .flags = 2, .id = 8, .length = 5, .service_us = 5000},
          "video")) +
          text_of(frame_of({.kind = Kind::estimated, .type = '?', .id = 9, .length = 5, .detail = unknown})));
  CHECK(proxy.link.sent.empty());
}

TEST_CASE("a cancelled request gets its one reply, which says so, and the others theirs") {
  SessionStage proxy;
  StagePeer& client = proxy.connect();
  client.send(request(7));
  client.send(request(8));
  client.send(frame_of({.kind = Kind::cancel, .id = 7}));
  client.send(frame_of({.kind = Kind::cancel, .id = 99}));
  REQUIRE(proxy.until_read(4 * proto::kHeaderBytes));
  REQUIRE(proxy.until_sent(2));
  proxy.dispatcher.tick(proxy.now());
  proxy.reply(0);
  proxy.reply(1);
  REQUIRE(proxy.until([&] { return client.frames().size() == 2; }));
  CHECK(client.received() == text_of(frame_of({.kind = Kind::reply,
                                               .type = 'V',
                                               .id = 7,
                                               .length = 5,
                                               .detail = static_cast<std::uint32_t>(Status::cancelled),
                                               .origin = kServer})) +
                                 reply_bytes(request(8), Status::ok));
  CHECK(proxy.total(WorkerCell::cancels) == 1);
  CHECK(proxy.total(WorkerCell::requests_open) == 0);
}

TEST_CASE("who asks in a ping how the proxy is hears that it understands cancel") {
  SessionStage proxy;
  StagePeer& client = proxy.connect();
  client.send(frame_of({.kind = Kind::ping, .id = 3, .length = 1}));
  client.send(frame_of({.kind = Kind::ping, .id = 4}));
  const std::string expected = text_of(frame_of({.kind = Kind::pong, .id = 3}, R"({"cancel": true})")) +
                               text_of(frame_of({.kind = Kind::pong, .id = 4}));
  CHECK(proxy.until([&] { return client.received().size() >= expected.size(); }));
  CHECK(client.received() == expected);
}
