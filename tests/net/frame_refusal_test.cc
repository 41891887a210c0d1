// Frames that are refused, and what they cost: bytes that are no frame, and frames that ask for too much.
#include <doctest/doctest.h>

#include "lb/worker/frame_session.h"
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

namespace {

/// Sends bytes whose boundary cannot be trusted: one bad_frame reply with what was read, then the end.
void check_bad_frame(std::span<const std::byte> bytes) {
  SessionStage proxy;
  Bystander other(proxy);
  StagePeer& client = proxy.connect();
  client.send(bytes);
  REQUIRE(proxy.until([&] { return client.ended(); }));
  CHECK(client.received() == reply_bytes(bytes, Status::bad_frame));
  CHECK(proxy.closed(CloseReason::bad_frame) == 1);
  CHECK(proxy.rejected(Status::bad_frame) == 1);
  other.check_undisturbed();
}

/// Sends a frame that concerns one request only: it is refused, and the next is served.
void check_refused(SessionStage& proxy, std::span<const std::byte> frame, Status status) {
  Bystander other(proxy);
  StagePeer& client = proxy.connect();
  client.send(frame);
  client.send(request(2));
  REQUIRE(proxy.until_sent(2));
  proxy.reply(1);
  const std::string expected = reply_bytes(frame, status) + reply_bytes(request(2), Status::ok);
  CHECK(proxy.until([&] { return client.received().size() >= expected.size(); }));
  CHECK(client.received() == expected);
  other.check_undisturbed();
}

}  // namespace

TEST_CASE("garbage is answered bad_frame and the connection closes") {
  sched::Random random(5);
  Bytes garbage(64);
  for (std::byte& b : garbage) b = static_cast<std::byte>(random.below(256));
  garbage[4] = std::byte{99};  // surely no version
  check_bad_frame(garbage);
}

TEST_CASE("HTTP sent to a frame port is answered bad_frame and the connection closes") {
  check_bad_frame(bytes_of("GET /index.html HTTP/1.1\r\nHost: localhost:9000\r\nAccept: */*\r\n\r\n"));
}

TEST_CASE(
    "a wrong version, an unknown kind, a kind of the other direction or an unknown flag is a bad frame") {
  const auto with = [](std::size_t at, std::uint8_t value) {
    Bytes frame = request(9);
    frame[at] = static_cast<std::byte>(value);
    return frame;
  };
  check_bad_frame(with(4, 0));
  check_bad_frame(with(4, 2));
  check_bad_frame(with(5, 0));
  check_bad_frame(with(5, 99));
  check_bad_frame(with(5, static_cast<std::uint8_t>(Kind::reply)));
  check_bad_frame(with(5, static_cast<std::uint8_t>(Kind::goaway)));
  check_bad_frame(with(7, 0x08));
}

TEST_CASE("requests open before a bad frame are still answered, and then the connection closes") {
  SessionStage proxy;
  StagePeer& client = proxy.connect();
  client.send(request(1));
  Bytes bad = request(2);
  bad[4] = std::byte{0};
  client.send(bad);
  client.send(request(3));  // behind a lost boundary: not read
  REQUIRE(proxy.until([&] { return client.frames().size() == 1; }));
  proxy.turn();
  CHECK_FALSE(client.ended());
  CHECK(proxy.link.sent.size() == 1);
  proxy.reply(0);
  REQUIRE(proxy.until([&] { return client.ended(); }));
  CHECK(client.received() == reply_bytes(bad, Status::bad_frame) + reply_bytes(request(1), Status::ok));
  CHECK(proxy.closed(CloseReason::bad_frame) == 1);
}

TEST_CASE("half a frame and then the end is counted as such, after open requests were answered") {
  SessionStage proxy;
  Bystander other(proxy);
  StagePeer& client = proxy.connect();
  client.send(request(1));
  const Bytes next = request(2, 5, "a body that will not all come");
  client.send(std::span(next).first(40));
  client.half_close();
  REQUIRE(proxy.until_sent(2));
  proxy.turn();
  proxy.reply(1);
  REQUIRE(proxy.until([&] { return client.ended(); }));
  CHECK(client.received() == reply_bytes(request(1), Status::ok));
  CHECK(proxy.closed(CloseReason::half_frame) == 1);
  other.check_undisturbed();
}

TEST_CASE("an unknown type is refused and the connection goes on") {
  SessionStage proxy;
  check_refused(proxy, request(1, 5, "with a body", 'X'), Status::unknown_type);
  CHECK(proxy.rejected(Status::unknown_type) == 1);
}

TEST_CASE("a type that is no letter is an unknown type like any other") {
  SessionStage proxy;
  check_refused(proxy, request(1, 5, {}, '\0'), Status::unknown_type);
}

TEST_CASE("a length above max_length is too_large: 2^32-1 and one too many") {
  SessionStage most;
  check_refused(most, request(1, 0xffffffff), Status::too_large);
  SessionStage one_more;
  check_refused(one_more, request(1, 1001), Status::too_large);
  CHECK(one_more.rejected(Status::too_large) == 1);
}

TEST_CASE("lengths 0, max_length and, where that is allowed, 2^32-1 are served") {
  for (const std::uint32_t length : {0U, 1000U, 0xffffffffU}) {
    SessionStage proxy;
    proxy.options.max_length = std::max(length, proxy.options.max_length);
    StagePeer& client = proxy.connect();
    client.send(request(1, length));
    REQUIRE(proxy.until_sent(1));
    CHECK(proxy.link.sent[0].request.length == length);
    proxy.reply(0);
    REQUIRE(proxy.until([&] { return client.frames().size() == 1; }));
    CHECK(client.received() == reply_bytes(request(1, length), Status::ok));
  }
}

TEST_CASE(
    "a body above max_body is refused at its header, skipped as it comes, and the next request served") {
  SessionStage proxy;
  proxy.options.max_body = 1000;
  check_refused(proxy, request(1, 5, std::string(300000, 'x')), Status::too_large);
}

TEST_CASE("a body of 4 GiB is refused at its header, and what comes of it is thrown away") {
  SessionStage proxy;
  Bystander other(proxy);
  StagePeer& client = proxy.connect();
  Bytes header = request(9);
  for (std::size_t i = 0; i < 4; ++i) header[i] = std::byte{0xff};
  client.send(header);
  REQUIRE(proxy.until([&] { return client.frames().size() == 1; }));
  CHECK(client.received() == reply_bytes(request(9), Status::too_large));
  client.send(std::string(1 << 20, 'x'));
  client.half_close();
  REQUIRE(proxy.until([&] { return client.ended(); }));
  CHECK(proxy.closed(CloseReason::half_frame) == 1);
  CHECK(proxy.link.sent.size() == 1);  // the bystander's
  other.check_undisturbed();
}
