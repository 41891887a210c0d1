// A server link on a real loop over loopback, towards a server that the test plays byte by byte. The
// dispatcher behind it and the ledger are real.
#include "lb/worker/server_link.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <memory>
#include <optional>

#include "tests/support/dispatch_desk.h"
#include "tests/support/free_port.h"
#include "tests/support/loop_stage.h"

using namespace finishline;
using namespace finishline::test;
using namespace finishline::worker;
using ledger::ServerCell;
using proto::FrameHeader;
using proto::Kind;
using proto::Status;

namespace {

using State = ServerLink::State;

/// A server with a port of its own, at first absent: connections to it are refused.
class PlayedServer {
 public:
  ~PlayedServer() { vanish(); }
  net::Address address() const { return std::get<net::Address>(net::parse_address(port_.address())); }

  void appear() { listening_ = std::get<int>(net::open_listener(address())); }
  /// Its connection ends, and nobody listens any more.
  void vanish() {
    peer_.reset();
    if (listening_ >= 0) ::close(listening_);
    listening_ = -1;
  }
  void hang_up() { peer_.reset(); }

  /// Takes a connection that waits. True while there is one.
  bool connected() {
    if (!peer_ && listening_ >= 0) {
      const int fd = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) peer_ = std::make_unique<StagePeer>(fd);
    }
    return peer_ != nullptr;
  }
  StagePeer& peer() { return *peer_; }
  std::vector<StagePeer*> peers() {
    return peer_ ? std::vector<StagePeer*>{peer_.get()} : std::vector<StagePeer*>{};
  }

 private:
  FreePort port_;
  int listening_ = -1;
  std::unique_ptr<StagePeer> peer_;
};

/// One link to one played server; `other` is a second server whose link only remembers.
class LinkStage {
 public:
  explicit LinkStage(bool mini = false, bool present = true, Nanos ping_after = 0ns,
                     std::vector<net::Address> sources = {})
      : desk({{.name = "video-1", .mini = mini, .links = 0}, {.name = "music-1", .type = "music"}}) {
    if (present) server.appear();
    desk.ledger.set_state(1, ledger::ServerState::down);
    link.emplace(stage_.loop, desk.dispatcher, desk.metrics, 0,
                 ServerLink::Options{.server = "video-1",
                                     .address = server.address(),
                                     .sources = net::SourceAddresses(std::move(sources)),
                                     .mini = mini,
                                     .max_body = 1000,
                                     .ping_after = ping_after,
                                     .ping_timeout = 20ms},
                 1, [this] { ++tried; });
    desk.dispatcher.assign_link(link->id(), 0);
    link->connect();
    if (present) REQUIRE(until_up());
  }

  template <class Done>
  bool until(Done done) {
    return stage_.until({}, [&] {
      if (server.connected()) server.peer().pump();
      return done();
    });
  }
  void turn() {
    int beats = 20;
    until([&beats] { return --beats < 0; });
  }
  bool until_up() {
    return until([this] { return server.connected() && link->state() == State::up; });
  }
  /// Turns until the server has received `bytes` over this connection.
  bool until_received(std::size_t bytes) {
    return until([&] { return server.connected() && server.peer().received().size() >= bytes; });
  }
  bool until_answered(std::size_t n) {
    return until([&] { return desk.clients.given.size() >= n; });
  }

  void ask(std::uint64_t tag, const Ask& ask = {}) {
    desk.now = stage_.loop.fresh_now();
    desk.ask(tag, ask);
  }
  /// The id under which the server knows the n-th request of this connection.
  std::uint64_t token(std::size_t n) { return server.peer().frames().at(n).header.id; }
  void reply(std::uint64_t id, Status status = Status::ok, std::string_view body = {}) {
    server.peer().send(reply_frame(id, static_cast<std::uint32_t>(status), body));
  }
  static Bytes reply_frame(std::uint64_t id, std::uint32_t status = 0, std::string_view body = {}) {
    return frame_of(
        {.kind = Kind::reply, .type = 'V', .id = id, .length = 1, .detail = status, .service_us = 700}, body);
  }
  std::int64_t total(ServerCell cell) const { return desk.reader.total(0, cell); }

  int tried = 0;
  PlayedServer server;
  DispatchDesk desk;

 private:
  LoopStage stage_;

 public:
  std::optional<ServerLink> link;  // goes before the loop
};

constexpr std::size_t kHeader = proto::kHeaderBytes;

}  // namespace

// --- frames ----------------------------------------------------------------------------------------

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
  CHECK(s.link->state() == State::up);
  s.desk.check_quiet();
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

// --- come and go -----------------------------------------------------------------------------------

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

// --- two bytes -------------------------------------------------------------------------------------

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

// --- pings -----------------------------------------------------------------------------------------

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
  LinkStage stage(false, true, 5ms);
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
