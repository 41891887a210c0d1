// What a client that speaks frames can do to us, and what it and others then see, over loopback.
#include "lb/worker/frame_session.h"

#include <doctest/doctest.h>

#include <set>

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

constexpr ledger::ServerId kServer = 1;

Bytes request(std::uint64_t id, std::uint32_t length = 5, std::string_view body = {}, char type = 'V') {
  return frame_of({.kind = Kind::request, .type = type, .id = id, .length = length}, body);
}

Bytes first_half(const Bytes& header) { return {header.begin(), header.begin() + 16}; }
Bytes second_half(const Bytes& header) { return {header.begin() + 16, header.end()}; }

/// The bytes of the reply that echoes this request, less flags that would make the reply a bad frame, too.
std::string reply_bytes(std::span<const std::byte> frame, Status status, std::string_view body = {}) {
  const FrameHeader asked = proto::decode_header(frame.data());
  const bool done = status == Status::ok;
  return text_of(frame_of({.kind = Kind::reply,
                           .type = asked.type,
                           .flags = static_cast<std::uint8_t>(asked.flags & proto::kRetryable),
                           .id = asked.id,
                           .length = asked.length,
                           .detail = static_cast<std::uint32_t>(status),
                           .service_us = done ? 1000U : 0U,
                           .origin = done ? kServer : 0U},
                          body));
}

/// Another client with a request open all the while: it must get its reply, and go on.
class Bystander {
 public:
  explicit Bystander(SessionStage& proxy) : proxy_(proxy), client_(proxy.connect()) {
    client_.send(request(77, 3, "mine"));
    REQUIRE(proxy_.until_sent(1));
  }
  void check_undisturbed() {
    CHECK(client_.received().empty());
    proxy_.reply(0);
    const std::size_t next = proxy_.link.sent.size();
    client_.send(request(78, 4));
    REQUIRE(proxy_.until_sent(next + 1));
    proxy_.reply(next);
    const std::string both =
        reply_bytes(request(77, 3, "mine"), Status::ok, "mine") + reply_bytes(request(78, 4), Status::ok);
    CHECK(proxy_.until([&] { return client_.received().size() >= both.size(); }));
    CHECK(client_.received() == both);
    CHECK_FALSE(client_.ended());
  }

 private:
  SessionStage& proxy_;
  StagePeer& client_;
};

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

/// A moment by which everything sent so far has been read and handled.
Instant moment() { return std::chrono::steady_clock::now(); }

}  // namespace

// --- the good case ---------------------------------------------------------------------------------

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

// --- bad input: the boundary is lost ---------------------------------------------------------------

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
  check_bad_frame(with(7, 0x02));
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

// --- bad input: one request ------------------------------------------------------------------------

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

// --- silence ---------------------------------------------------------------------------------------

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

// --- more than may be open -------------------------------------------------------------------------

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

// --- ends in the middle ----------------------------------------------------------------------------

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

// --- ping, describe, goaway ------------------------------------------------------------------------

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
