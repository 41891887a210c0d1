// Client sessions on a real loop over loopback: dispatcher, session table and ledger are real, the server is
// a link that remembers what it was sent and replies when the test says so. Time-outs are tried by handing
// the session table a later time.
#include <doctest/doctest.h>

#include <deque>
#include <optional>
#include <set>

#include "lb/worker/frame_session.h"
#include "lb/worker/mini_session.h"
#include "lb/worker/session_table.h"
#include "tests/support/dispatch_desk.h"
#include "tests/support/loop_stage.h"

using namespace finishline;
using namespace finishline::test;
using namespace finishline::worker;
using ledger::CloseReason;
using ledger::WorkerCell;
using proto::FrameHeader;
using proto::Kind;
using proto::Status;

namespace {

constexpr ledger::ServerId kServer = 1;  // row 0 belongs to somebody else

enum class Protocol : std::uint8_t { frame, mini };

/// One listener of one worker, with one video server behind it.
class Proxy : public net::TcpListener::Events {
 public:
  explicit Proxy(Protocol protocol = Protocol::frame) : protocol_(protocol) {
    options.name = "test";
    options.max_length = 1000;
    options.cost = &cost_;
    ledger_.ensure_server("of-another-pool", 1);
    const ledger::ServerId id = *ledger_.ensure_server("video-1", 1);
    std::vector<Member> members{{.id = id, .spec = {id, "video-1", 0, 1.0, 1}}};
    dispatcher.add_pool(Pool({.name = "media", .policy = "makespan"}, members, cost_, books_, metrics_, 1));
    dispatcher.on_link_up(dispatcher.add_link(0, 0, link));
    stage_.loop.on_turn_end([this] { sessions.end_turn(); });
    listener_.emplace(stage_.loop, port_.fd, *this);
  }

  StagePeer& connect() {
    clients_.emplace_back(port_.address);
    return clients_.back();
  }
  template <class Done>
  bool until(Done done) {
    return stage_.until(everybody(), done);
  }
  void turn() { stage_.turn(everybody()); }
  /// Turns until the server has been sent `n` requests in all.
  bool until_sent(std::size_t n) {
    return until([&] { return link.sent.size() >= n; });
  }

  /// The server replies to the n-th request that it was sent, with the body it was sent.
  void reply(std::size_t n, Status status = Status::ok) {
    const FakeLink::Sent sent = link.sent.at(n);
    CHECK(dispatcher.on_reply(0, sent.token, {.status = status, .service = 1ms, .body = sent.body}, stage_.loop.now()));
  }
  /// ... to all that it has not replied to, with bodies of this size.
  void serve(std::size_t body_bytes = 0) {
    const Bytes body(body_bytes, std::byte{'x'});
    for (; served_ < link.sent.size(); ++served_) {
      dispatcher.on_reply(0, link.sent[served_].token, {.service = 1ms, .body = body}, stage_.loop.now());
    }
  }

  std::int64_t closed(CloseReason reason) const { return reader_.closed(reason); }
  std::int64_t total(WorkerCell cell) const { return reader_.total(cell); }
  std::int64_t rejected(Status status) const { return reader_.rejected(status); }
  bool until_read(std::size_t bytes) {
    return until([&] { return total(WorkerCell::client_bytes_in) >= static_cast<std::int64_t>(bytes); });
  }

 private:
  void on_accept(net::TcpStream stream, const net::Address& peer) override {
    std::unique_ptr<ClientSession> session;
    if (protocol_ == Protocol::mini) {
      session = std::make_unique<MiniSession>(context_, options, std::move(stream), peer);
    } else {
      session = std::make_unique<FrameSession>(context_, options, std::move(stream), peer);
    }
    sessions.add(std::move(session));
  }
  void on_accept_error(int) override { FAIL("accept failed"); }
  std::vector<StagePeer*> everybody() {
    std::vector<StagePeer*> all;
    for (StagePeer& client : clients_) all.push_back(&client);
    return all;
  }

  Protocol protocol_;
  CostModel cost_ = CostModel::seed(1ms);
  ledger::Ledger ledger_ = std::get<ledger::Ledger>(ledger::Ledger::create({1, 4}));
  ledger::WorkerBooks books_{ledger_, 0};
  ledger::WorkerMetrics metrics_{ledger_, 0};
  ledger::MetricsReader reader_{ledger_};
  Port port_;
  LoopStage stage_;

 public:
  ListenerOptions options;
  FakeLink link;
  SessionTable sessions{metrics_};
  Dispatcher dispatcher{books_, metrics_, sessions};

 private:
  SessionContext context_{stage_.loop, dispatcher, sessions, metrics_};
  std::optional<net::TcpListener> listener_;
  std::deque<StagePeer> clients_;  // last: their ends are closed first
  std::size_t served_ = 0;
};

Bytes request(std::uint64_t id, std::uint32_t length = 5, std::string_view body = {}, char type = 'V') {
  return frame_of({.kind = Kind::request, .type = type, .id = id, .length = length}, body);
}

Bytes first_half(const Bytes& header) { return {header.begin(), header.begin() + 16}; }
Bytes second_half(const Bytes& header) { return {header.begin() + 16, header.end()}; }

/// The bytes of the reply that echoes this request.
std::string reply_bytes(const FrameHeader& asked, Status status, std::string_view body = {}) {
  const bool done = status == Status::ok;
  return text_of(frame_of({.kind = Kind::reply,
                           .type = asked.type,
                           .flags = asked.flags,
                           .id = asked.id,
                           .length = asked.length,
                           .detail = static_cast<std::uint32_t>(status),
                           .service_us = done ? 1000U : 0U,
                           .origin = done ? kServer : 0U},
                          body));
}
FrameHeader header_of(std::span<const std::byte> frame) { return proto::decode_header(frame.data()); }

/// Another client with a request open all the while: it must get its reply, and go on.
class Bystander {
 public:
  explicit Bystander(Proxy& proxy) : proxy_(proxy), client_(proxy.connect()) {
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
        reply_bytes(header_of(request(77, 3, "mine")), Status::ok, "mine") + reply_bytes(header_of(request(78, 4)), Status::ok);
    CHECK(proxy_.until([&] { return client_.received().size() >= both.size(); }));
    CHECK(client_.received() == both);
    CHECK_FALSE(client_.ended());
  }

 private:
  Proxy& proxy_;
  StagePeer& client_;
};

/// The header of a reply to a bad frame: what was read, less flags that would make the reply bad, too.
FrameHeader sound_header_of(std::span<const std::byte> bytes) {
  FrameHeader header = header_of(bytes);
  header.flags &= proto::kRetryable;
  return header;
}

/// Sends bytes whose boundary cannot be trusted: one bad_frame reply with what was read, then the end.
void check_bad_frame(std::span<const std::byte> bytes) {
  Proxy proxy;
  Bystander other(proxy);
  StagePeer& client = proxy.connect();
  client.send(bytes);
  REQUIRE(proxy.until([&] { return client.ended(); }));
  CHECK(client.received() == reply_bytes(sound_header_of(bytes), Status::bad_frame));
  CHECK(proxy.closed(CloseReason::bad_frame) == 1);
  CHECK(proxy.rejected(Status::bad_frame) == 1);
  other.check_undisturbed();
}

/// Sends a frame that concerns one request only: it is refused, and the next is served.
void check_refused(Proxy& proxy, std::span<const std::byte> frame, Status status) {
  Bystander other(proxy);
  StagePeer& client = proxy.connect();
  client.send(frame);
  client.send(request(2));
  REQUIRE(proxy.until_sent(2));
  proxy.reply(1);
  const std::string expected = reply_bytes(header_of(frame), status) + reply_bytes(header_of(request(2)), Status::ok);
  CHECK(proxy.until([&] { return client.received().size() >= expected.size(); }));
  CHECK(client.received() == expected);
  other.check_undisturbed();
}

/// A moment by which everything sent so far has been read and handled.
Instant moment() { return std::chrono::steady_clock::now(); }

}  // namespace

// --- the good case ---------------------------------------------------------------------------------

TEST_CASE("a request goes out with a token for its id and comes back as it was asked, with its server") {
  Proxy proxy;
  StagePeer& client = proxy.connect();
  const Bytes asked = frame_of({.kind = Kind::request, .type = 'V', .flags = proto::kRetryable, .id = 7, .length = 5, .detail = 2000}, "cat");
  client.send(asked);
  REQUIRE(proxy.until_sent(1));
  CHECK(text_of(proxy.link.sent[0].body) == "cat");
  CHECK(proxy.link.sent[0].request.deadline_ms == 2000);
  proxy.reply(0);
  const std::string expected = reply_bytes(header_of(asked), Status::ok, "cat");
  CHECK(proxy.until([&] { return client.received().size() >= expected.size(); }));
  CHECK(client.received() == expected);
  CHECK(proxy.total(WorkerCell::client_bytes_in) == static_cast<std::int64_t>(asked.size()));
  CHECK(proxy.total(WorkerCell::client_bytes_out) == static_cast<std::int64_t>(expected.size()));
}

TEST_CASE("replies leave as they come, whatever the order of the requests") {
  Proxy proxy;
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
  Proxy proxy;
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
  Proxy proxy;
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

TEST_CASE("a wrong version, an unknown kind, a kind of the other direction or an unknown flag is a bad frame") {
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
  Proxy proxy;
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
  CHECK(client.received() == reply_bytes(header_of(bad), Status::bad_frame) + reply_bytes(header_of(request(1)), Status::ok));
  CHECK(proxy.closed(CloseReason::bad_frame) == 1);
}

TEST_CASE("half a frame and then the end is counted as such, after open requests were answered") {
  Proxy proxy;
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
  CHECK(client.received() == reply_bytes(header_of(request(1)), Status::ok));
  CHECK(proxy.closed(CloseReason::half_frame) == 1);
  other.check_undisturbed();
}

// --- bad input: one request ------------------------------------------------------------------------

TEST_CASE("an unknown type is refused and the connection goes on") {
  Proxy proxy;
  check_refused(proxy, request(1, 5, "with a body", 'X'), Status::unknown_type);
  CHECK(proxy.rejected(Status::unknown_type) == 1);
}

TEST_CASE("a type that is no letter is an unknown type like any other") {
  Proxy proxy;
  check_refused(proxy, request(1, 5, {}, '\0'), Status::unknown_type);
}

TEST_CASE("a length above max_length is too_large: 2^32-1 and one too many") {
  Proxy most;
  check_refused(most, request(1, 0xffffffff), Status::too_large);
  Proxy one_more;
  check_refused(one_more, request(1, 1001), Status::too_large);
  CHECK(one_more.rejected(Status::too_large) == 1);
}

TEST_CASE("lengths 0, max_length and, where that is allowed, 2^32-1 are served") {
  for (const std::uint32_t length : {0U, 1000U, 0xffffffffU}) {
    Proxy proxy;
    proxy.options.max_length = std::max(length, proxy.options.max_length);
    StagePeer& client = proxy.connect();
    client.send(request(1, length));
    REQUIRE(proxy.until_sent(1));
    CHECK(proxy.link.sent[0].request.length == length);
    proxy.reply(0);
    REQUIRE(proxy.until([&] { return client.frames().size() == 1; }));
    CHECK(client.received() == reply_bytes(header_of(request(1, length)), Status::ok));
  }
}

TEST_CASE("a body above max_body is refused at its header, skipped as it comes, and the next request served") {
  Proxy proxy;
  proxy.options.max_body = 1000;
  check_refused(proxy, request(1, 5, std::string(300000, 'x')), Status::too_large);
}

TEST_CASE("a body of 4 GiB is refused at its header, and what comes of it is thrown away") {
  Proxy proxy;
  Bystander other(proxy);
  StagePeer& client = proxy.connect();
  Bytes header = request(9);
  for (std::size_t i = 0; i < 4; ++i) header[i] = std::byte{0xff};
  client.send(header);
  REQUIRE(proxy.until([&] { return client.frames().size() == 1; }));
  CHECK(client.received() == reply_bytes(header_of(request(9)), Status::too_large));
  client.send(std::string(1 << 20, 'x'));
  client.half_close();
  REQUIRE(proxy.until([&] { return client.ended(); }));
  CHECK(proxy.closed(CloseReason::half_frame) == 1);
  CHECK(proxy.link.sent.size() == 1);  // the bystander's
  other.check_undisturbed();
}

// --- silence ---------------------------------------------------------------------------------------

TEST_CASE("half a header and then silence ends at header_timeout, not before") {
  Proxy proxy;
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
  Proxy proxy;
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
  Proxy proxy;
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
  Proxy proxy;
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
  Proxy proxy;
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
  Proxy proxy;
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
  REQUIRE(proxy.until([&] { return serve(), client.received().size() == 10000 * (proto::kHeaderBytes + kReply); }));
  std::set<std::uint64_t> ids;
  for (const auto& reply : client.frames()) ids.insert(reply.header.id);
  CHECK(ids.size() == 10000);
  other.check_undisturbed();
}

// --- ends in the middle ----------------------------------------------------------------------------

TEST_CASE("a client that has said all it wanted still hears all that it asked for") {
  Proxy proxy;
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
  Proxy proxy;
  proxy.options.max_open = 4;
  StagePeer& client = proxy.connect();
  for (std::uint64_t id = 0; id < 100; ++id) client.send(request(id));
  client.half_close();
  REQUIRE(proxy.until([&] { return proxy.serve(), client.ended(); }));
  CHECK(client.frames().size() == 100);
  CHECK(proxy.closed(CloseReason::client_closed) == 1);
}

TEST_CASE("a client that resets with a request open is gone, and the reply is nobody's") {
  Proxy proxy;
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
  Proxy proxy;
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
  Proxy proxy;
  StagePeer& client = proxy.connect();
  client.send(request(1));
  client.send(frame_of({.kind = Kind::ping, .id = 0xabcdef}));
  REQUIRE(proxy.until([&] { return client.received().size() >= proto::kHeaderBytes; }));
  CHECK(client.received() == text_of(frame_of({.kind = Kind::pong, .id = 0xabcdef})));
}

TEST_CASE("a client that asks is told what the pool looks like, unless the listener refuses") {
  const Bytes ask = frame_of({.kind = Kind::describe, .id = 5});
  const auto told = [&](const std::string& description) {
    Proxy proxy;
    proxy.options.description = description;
    StagePeer& client = proxy.connect();
    client.send(ask);
    CHECK(proxy.until([&] { return client.frames().size() == 1; }));
    return client.received();
  };
  CHECK(told("{\"unit_ns\":1}") == text_of(frame_of({.kind = Kind::description, .id = 5}, "{\"unit_ns\":1}")));
  CHECK(told("") == text_of(frame_of({.kind = Kind::description, .id = 5, .detail = static_cast<std::uint32_t>(Status::no_server)})));
}

TEST_CASE("a draining listener says goaway, refuses what is new, answers what is open, and closes when quiet") {
  Proxy proxy;
  StagePeer& client = proxy.connect();
  client.send(request(1));
  REQUIRE(proxy.until_sent(1));
  proxy.sessions.drain_all();
  client.send(request(2));
  REQUIRE(proxy.until([&] { return client.frames().size() == 2; }));
  CHECK(client.received() == text_of(frame_of({.kind = Kind::goaway})) + reply_bytes(header_of(request(2)), Status::draining));
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

// --- the two-byte protocol -------------------------------------------------------------------------

TEST_CASE("the original client: connect, send V5, read two bytes, close") {
  Proxy proxy(Protocol::mini);
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
  Proxy proxy(Protocol::mini);
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
  Proxy proxy(Protocol::mini);
  StagePeer& client = proxy.connect();
  client.send("V5X1V2");
  REQUIRE(proxy.until_sent(2));
  proxy.turn();
  CHECK(client.received().empty());
  proxy.serve();
  CHECK(proxy.until([&] { return client.received() == "V5!2V2"; }));
}

TEST_CASE("two bytes that are no request are answered behind all earlier ones, and the connection closes") {
  Proxy proxy(Protocol::mini);
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
  Proxy proxy(Protocol::mini);
  StagePeer& client = proxy.connect();
  client.send("V5\n");
  client.half_close();
  CHECK(proxy.until([&] { return proxy.serve(), client.ended(); }));
  CHECK(client.received() == "V5");
}

TEST_CASE("mini requests cut anywhere and sent far ahead are all answered in order") {
  Proxy proxy(Protocol::mini);
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
