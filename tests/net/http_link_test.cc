// A link to a server that speaks HTTP, which the test plays byte by byte.
#include "lb/worker/http_link.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <optional>
#include <string>

#include "tests/support/dispatch_desk.h"
#include "tests/support/free_port.h"
#include "tests/support/loop_stage.h"

using namespace finishline;
using namespace finishline::test;
using ledger::ServerCell;
using proto::Status;

namespace {

/// A link of so many connections to a server that takes all that come; a second server only remembers.
class HttpStage {
 public:
  explicit HttpStage(std::uint32_t slots = 1)
      : desk({{.name = "video-1", .links = 0}, {.name = "music-1", .type = "music"}}) {
    listening = std::get<int>(net::open_listener(address()));
    desk.ledger.set_state(1, ledger::ServerState::down);
    link.emplace(stage_.loop, desk.dispatcher, desk.metrics, 0,
                 worker::HttpLink::Options{.server = "video-1",
                                           .address = address(),
                                           .host = "server:80",
                                           .path = "/do/{type}?n={length}",
                                           .slots = slots,
                                           .max_body = 1000,
                                           .server_id = 0,
                                           .cost = &cost_,
                                           .ledger = &desk.ledger,
                                           .caller = &caller},
                 1, [this] { ++tried; });
    desk.dispatcher.assign_link(link->id(), 0);
    link->connect();
    REQUIRE(until([&] { return tried == 1; }));
  }
  ~HttpStage() { vanish(); }

  template <class Done>
  bool until(Done done) {
    return stage_.until({}, [&] {
      take_connections();
      for (StagePeer& peer : peers) peer.pump();
      return done();
    });
  }
  void turn() {
    int beats = 20;
    until([&beats] { return --beats < 0; });
  }
  void ask(std::uint64_t tag, const Ask& wanted = {}) {
    desk.now = stage_.loop.fresh_now();
    desk.ask(tag, wanted);
  }
  bool until_asked(std::size_t peer, std::string_view words) {
    return until(
        [&] { return peers.size() > peer && peers[peer].received().find(words) != std::string::npos; });
  }
  bool until_answered(std::size_t n) {
    return until([&] { return desk.clients.given.size() >= n; });
  }
  void vanish() {
    if (listening >= 0) ::close(listening);
    listening = -1;
    peers.clear();
  }

  /// Another worker, which wants connections of the same server, and is called.
  struct Caller final : worker::WorkerCaller {
    void call(ledger::WorkerId worker) override { called.push_back(worker); }
    std::vector<ledger::WorkerId> called;
  } caller;
  int tried = 0;
  int listening = -1;
  DispatchDesk desk;
  std::deque<StagePeer> peers;  // in the order in which they came

 private:
  net::Address address() const { return std::get<net::Address>(net::parse_address(port_.address())); }
  void take_connections() {
    if (listening < 0) return;
    const int fd = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) peers.emplace_back(fd);
  }

  FreePort port_;
  CostModel cost_ = CostModel::seed(1ms);
  LoopStage stage_;

 public:
  std::optional<worker::HttpLink> link;  // goes before the loop
};

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

std::string reply(const std::string& body, const std::string& line = "200 OK",
                  const std::string& fields = "") {
  return "HTTP/1.1 " + line + "\r\n" + fields + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

}  // namespace

TEST_CASE("a request is a POST with its length, and the reply's body comes back") {
  HttpStage s;
  s.ask(1, {.code = 'V', .length = 5});
  REQUIRE(s.until_asked(0, "\r\n\r\n"));
  const std::string& head = s.peers[0].received();
  CHECK(head.starts_with("POST /do/video?n=5 HTTP/1.1\r\nHost: server:80\r\nContent-Length: 0\r\n"));
  CHECK(head.find("\r\nContent-Type: application/octet-stream\r\n") != std::string::npos);
  CHECK(head.find("\r\nFinishline-Type: video\r\nFinishline-Length: 5\r\nFinishline-Id: ") !=
        std::string::npos);
  s.peers[0].send("HTTP/1.1 100 Continue\r\n\r\n" + reply("done"));
  REQUIRE(s.until_answered(1));
  CHECK(s.desk.answered() == "ok");
  s.desk.check_quiet();
}

TEST_CASE("one request at a time goes over a connection, and there are as many as there may be") {
  HttpStage s(2);
  for (std::uint64_t tag = 1; tag <= 3; ++tag) s.ask(tag, {.code = 'V', .length = 1});
  REQUIRE(s.until_asked(0, "\r\n\r\n"));
  REQUIRE(s.until_asked(1, "\r\n\r\n"));
  s.turn();
  CHECK(s.peers.size() == 2);
  const std::size_t one = s.peers[1].received().size();
  s.peers[1].send(reply("b"));
  REQUIRE(
      s.until([&] { return s.peers[1].received().size() > one; }));  // the third, over the same connection
  s.peers[1].send(reply("c"));
  s.peers[0].send(reply("a"));
  REQUIRE(s.until_answered(3));
  CHECK(s.peers.size() == 2);
  CHECK(s.desk.answered() == "ok ok ok");
  s.desk.check_quiet();
}

TEST_CASE("a server that ends the connection with each reply is connected to again for the next request") {
  HttpStage s;
  s.ask(1, {.code = 'V', .length = 1});
  REQUIRE(s.until_asked(0, "\r\n\r\n"));
  s.peers[0].send("HTTP/1.0 200 OK\r\n\r\nno length");
  s.peers[0].half_close();
  REQUIRE(s.until_answered(1));
  s.ask(2, {.code = 'V', .length = 2});
  REQUIRE(s.until_asked(1, "n=2"));
  s.peers[1].send(reply("x", "200 OK", "Connection: close\r\n"));
  REQUIRE(s.until_answered(2));
  CHECK(s.desk.answered() == "ok ok");
  s.desk.check_quiet();
}

TEST_CASE("the client's headers reach the server") {
  HttpStage s;
  s.ask(1, {.code = 'V', .length = 1, .headers = "Content-Type: image/png\r\nAccept: */*\r\n"});
  REQUIRE(s.until_asked(0, "\r\nContent-Type: image/png\r\nAccept: */*\r\n\r\n"));
  CHECK(s.peers[0].received().find("octet-stream") == std::string::npos);
  s.peers[0].send(reply("a"));
  REQUIRE(s.until_answered(1));
  s.desk.check_quiet();
}

TEST_CASE("a request that is cancelled ends its connection, and the next is served over another") {
  HttpStage s;
  s.ask(1, {.code = 'V', .length = 1000});
  s.ask(2, {.code = 'V', .length = 1000});
  s.ask(3, {.code = 'V', .length = 2});
  REQUIRE(s.until_asked(0, "n=1000"));
  s.desk.cancel(1);
  s.desk.cancel(2);  // which waits for the connection
  s.desk.tick_after(10ms);
  CHECK(s.desk.answered() == "cancelled cancelled");
  REQUIRE(s.until_asked(1, "n=2"));
  CHECK(s.until([&] { return s.peers[0].ended(); }));
  CHECK(s.peers[1].received().find("n=1000") == std::string::npos);
  CHECK(s.desk.ledger.books(0).in_flight == 1);
  CHECK(s.desk.reader.total(0, ServerCell::cancels) == 2);
  s.peers[1].send(reply("c"));
  REQUIRE(s.until_answered(3));
  CHECK(s.desk.answered() == "cancelled cancelled ok");
  s.desk.check_quiet();
}

TEST_CASE("a request whose deadline has passed ends its connection, and its booking ends with it") {
  HttpStage s;
  s.ask(1, {.code = 'V', .length = 1000, .deadline_ms = 20});
  REQUIRE(s.until_asked(0, "\r\n\r\n"));
  s.desk.tick_after(50ms);
  CHECK(s.desk.answered() == "deadline_exceeded");
  CHECK(s.until([&] { return s.peers[0].ended() && s.desk.dispatcher.in_flight() == 0; }));
  s.desk.check_quiet();
}

TEST_CASE("what another worker has of a server's connections is not opened here until it has given it back") {
  HttpStage s(2);
  const ledger::WorkerBooks books(s.desk.ledger, 1);
  ledger::SlotLeases other(s.desk.ledger, 1, 0, 2);
  REQUIRE(other.acquire());
  for (std::uint64_t tag = 1; tag <= 2; ++tag) s.ask(tag, {.code = 'V', .length = 1});
  REQUIRE(s.until_asked(0, "\r\n\r\n"));
  s.turn();
  CHECK(s.peers.size() == 1);
  CHECK(s.caller.called == std::vector<ledger::WorkerId>{1});
  REQUIRE(other.wanting().size() == 1);
  other.shrink_to(0);
  s.link->look_at_place();  // as the worker does when its bell rings
  REQUIRE(s.until_asked(1, "\r\n\r\n"));
  for (StagePeer& peer : s.peers) peer.send(reply("a"));
  REQUIRE(s.until_answered(2));
  CHECK(other.wanting().empty());
  s.desk.check_quiet();
}

TEST_CASE("a connection with nothing to do goes to the worker that wants one, and is taken again from it") {
  HttpStage s;
  const ledger::WorkerBooks books(s.desk.ledger, 1);
  ledger::SlotLeases other(s.desk.ledger, 1, 0, 1);
  CHECK_FALSE(other.acquire());
  s.link->look_at_place();
  CHECK(s.until([&] { return s.peers.size() == 1 && s.peers[0].ended(); }));
  CHECK(s.caller.called == std::vector<ledger::WorkerId>{1});
  REQUIRE(other.acquire());
  s.ask(1, {.code = 'V', .length = 1});
  s.turn();
  CHECK(s.peers.size() == 1);
  other.shrink_to(0);  // and its call is lost
  REQUIRE(s.until_asked(1, "\r\n\r\n"));
  s.peers[1].send(reply("a"));
  REQUIRE(s.until_answered(1));
  s.desk.check_quiet();
}

TEST_CASE("who always has work parts with its only connection all the same, after a while") {
  HttpStage s;
  const ledger::WorkerBooks books(s.desk.ledger, 1);
  ledger::SlotLeases other(s.desk.ledger, 1, 0, 1);
  CHECK_FALSE(other.acquire());
  std::uint64_t tag = 0;
  std::size_t replied = 0;
  REQUIRE(s.until([&] {
    while (tag < replied + 3) s.ask(++tag, {.code = 'V', .length = 1});
    StagePeer& peer = s.peers.back();
    while (replied < tag && count(peer.received(), "POST ") > replied) peer.send(reply("a")), ++replied;
    return s.peers.back().ended();
  }));
  CHECK(replied > 0);
  CHECK(other.acquire());
}

TEST_CASE("what a server says of a failure is the answer") {
  HttpStage s;
  s.ask(1, {.code = 'V', .length = 1});
  REQUIRE(s.until_asked(0, "\r\n\r\n"));
  s.peers[0].send(reply("no such file", "404 Not Found"));
  REQUIRE(s.until_answered(1));
  CHECK(s.desk.answered() == "server_error");
  s.desk.check_quiet();
}

TEST_CASE("a connection that ends with a request on it loses that one alone") {
  HttpStage s(2);
  s.ask(1, {.code = 'V', .length = 1});
  s.ask(2, {.code = 'V', .length = 1});
  REQUIRE(s.until_asked(0, "\r\n\r\n"));
  REQUIRE(s.until_asked(1, "\r\n\r\n"));
  s.peers[0].close();
  REQUIRE(s.until_answered(1));
  CHECK(s.desk.answered() == "server_lost");
  s.peers[1].send(reply("b"));
  REQUIRE(s.until_answered(2));
  CHECK(s.desk.answered() == "server_lost ok");
  s.desk.check_quiet();
}

TEST_CASE("bytes that are no reply, or one that is too large, lose their request") {
  for (const std::string& nonsense :
       {std::string("SSH-2.0\r\n\r\n"), reply(std::string(1001, 'x')), reply("a") + "b",
        std::string("HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na")}) {
    CAPTURE(nonsense);
    HttpStage s;
    s.ask(1, {.code = 'V', .length = 1});
    REQUIRE(s.until_asked(0, "\r\n\r\n"));
    s.peers[0].send(nonsense);
    REQUIRE(s.until_answered(1));
    CHECK(s.desk.answered() != "ok");
    s.desk.check_quiet();
  }
}

TEST_CASE("a reply that is too large was work all the same, and is not done again") {
  HttpStage s;
  s.ask(1, {.code = 'V', .length = 1});
  REQUIRE(s.until_asked(0, "\r\n\r\n"));
  s.desk.ledger.set_state(1, ledger::ServerState::up);
  s.peers[0].send(reply(std::string(1001, 'x')));
  REQUIRE(s.until_answered(1));
  CHECK(s.desk.answered() == "too_large");
  CHECK(s.desk.clients.given[0].answer.done);
  CHECK(s.desk.links[0].sent.empty());
  CHECK(s.desk.reader.total(ledger::WorkerCell::large_replies) == 1);
  CHECK(s.desk.reader.total(0, ServerCell::link_failures) == 0);
}

TEST_CASE("a chunk or trailer of a reply that ends in LF alone is no reply, and not waited for") {
  for (const std::string_view body : {"3\r\nfoo\r\n0\r\nX: y\n\r\n", "3\nfoo\n0\n\n"}) {
    HttpStage s;
    s.ask(1, {.code = 'V', .length = 1});
    REQUIRE(s.until_asked(0, "\r\n\r\n"));
    s.peers[0].send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(body));
    REQUIRE(s.until_answered(1));
    CHECK(s.desk.answered() == "server_lost");
  }
}

TEST_CASE("a server that wants another protocol, or has no status, is not waited for") {
  for (const std::string_view line : {"101 Switching Protocols", "000 Nothing"}) {
    HttpStage s;
    s.ask(1, {.code = 'V', .length = 1});
    REQUIRE(s.until_asked(0, "\r\n\r\n"));
    s.peers[0].send("HTTP/1.1 " + std::string(line) + "\r\nUpgrade: x\r\n\r\n");
    REQUIRE(s.until_answered(1));
    CHECK(s.desk.answered() == "server_lost");
  }
}

TEST_CASE("a server that is gone is down, and up again once it can be connected to") {
  HttpStage s;
  s.ask(1, {.code = 'V', .length = 1});
  REQUIRE(s.until_asked(0, "\r\n\r\n"));
  s.vanish();
  REQUIRE(s.until_answered(1));
  CHECK(s.desk.answered() == "server_lost");
  CHECK(s.desk.reader.total(0, ServerCell::link_failures) >= 1);
  s.desk.check_quiet();
}

TEST_CASE(
    "what waits for a connection that cannot be made goes to another server, and is no failure of this one") {
  HttpStage s;
  for (std::uint64_t tag = 1; tag <= 7; ++tag) s.ask(tag, {.length = 4, .body = "b"});
  REQUIRE(s.until_asked(0, "\r\n\r\nb"));
  s.desk.ledger.set_state(1, ledger::ServerState::up);
  s.vanish();
  REQUIRE(s.until([&] { return s.desk.links[0].sent.size() == 6; }));
  CHECK(s.desk.answered() == "server_lost");
  CHECK(s.desk.reader.total(0, ServerCell::faults) == 1);
  for (std::size_t n = 0; n < 6; ++n) s.desk.reply_to(0, n);
  CHECK(s.desk.answered() == "server_lost ok ok ok ok ok ok");
  s.desk.check_quiet();
}

TEST_CASE("what waits for a connection goes to another server when this one takes no work any more") {
  HttpStage s;
  for (std::uint64_t tag = 1; tag <= 3; ++tag) s.ask(tag, {.length = 4, .body = "b"});
  REQUIRE(s.until_asked(0, "\r\n\r\nb"));
  s.turn();
  s.desk.ledger.set_state(1, ledger::ServerState::up);
  s.desk.tick_after(0ns);
  CHECK(s.desk.links[0].sent.empty());
  s.desk.ledger.set_state(0, ledger::ServerState::draining);
  s.desk.tick_after(0ns);
  REQUIRE(s.desk.links[0].sent.size() == 2);
  CHECK_FALSE(s.link->unsent());
  s.peers[0].send(reply("done"));
  s.desk.reply_to(0, 0);
  s.desk.reply_to(0, 1);
  REQUIRE(s.until_answered(3));
  s.turn();
  CHECK(count(s.peers[0].received(), "POST ") == 1);
  s.desk.check_quiet();
}
