// How much a worker holds for clients that do not read and servers that do not take, and what it does then.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/session_stage.h"

using namespace finishline;
using namespace finishline::test;
using ledger::CloseReason;

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

void ask(StagePeer& client, std::uint64_t id, const std::string& body = "") {
  client.send(frame_of({.type = 'V', .id = id, .length = 1}, body));
}

/// The first bytes of a request with a body of so many.
void send_part(StagePeer& client, std::size_t body, std::size_t bytes) {
  const Bytes whole = frame_of({.type = 'V', .id = 99, .length = 1}, std::string(body, 'p'));
  client.send(std::span(whole).first(bytes));
}

/// A client that asks and does not read the answer: more than the kernel takes for it.
StagePeer& sloth_with(SessionStage& stage, std::size_t unread_bytes) {
  StagePeer& sloth = stage.connect();
  sloth.set_reading(false);
  const std::size_t n = stage.link.sent.size();
  ask(sloth, 1);
  REQUIRE(stage.until_sent(n + 1));
  stage.reply_with(n, unread_bytes);
  stage.turn();
  return sloth;
}

}  // namespace

TEST_CASE("what is held counts output, requests with their bodies, and input that waits") {
  SessionStage stage;
  CHECK(stage.held() == 0);
  StagePeer& alice = stage.connect();
  alice.send(
      frame_of({.type = 'V', .flags = proto::kRetryable, .id = 1, .length = 1}, std::string(5000, 'a')));
  REQUIRE(stage.until_sent(1));
  const std::size_t request = stage.held();
  CHECK(request >= 5000);
  CHECK(request < 5000 + 32 * 1024);  // its body, and a page of the table
  send_part(alice, 30'000, 20'000);
  REQUIRE(stage.until([&] { return stage.held() >= request + 20'000; }));
  alice.reset();
  REQUIRE(stage.until([&] { return stage.sessions.size() == 0; }));
  CHECK(stage.held() <= request);  // it is at its server still
  stage.reply(0);
  stage.turn();
  CHECK(stage.held() == 0);
}

TEST_CASE(
    "one client that wants all of it gets a quarter, and is read again when its requests are answered") {
  SessionStage stage(Protocol::frame, 8 * kMiB);
  StagePeer& hog = stage.connect();
  for (std::uint64_t id = 1; id <= 12; ++id) ask(hog, id, std::string(kMiB, 'h'));
  stage.turn();
  CHECK(stage.held() >= 2 * kMiB);
  CHECK(stage.held() < 4 * kMiB);  // and what one turn reads
  CHECK(stage.sessions.size() == 1);
  for (std::size_t n = 0; n < 12; ++n) {
    REQUIRE(stage.until_sent(n + 1));
    stage.reply(n);
  }
  REQUIRE(stage.until([&] { return hog.frames().size() == 12; }));
}

TEST_CASE("whoever asks for little is served while others want all there is, however many they are") {
  SessionStage stage(Protocol::frame, 4 * kMiB);
  std::vector<StagePeer*> hogs;
  for (int n = 0; n < 40; ++n) {
    hogs.push_back(&stage.connect());
    ask(*hogs.back(), 1, std::string(900'000, 'h'));
    send_part(*hogs.back(), 1'000'000, 999'999);
  }
  stage.turn();
  CHECK(stage.held() < 8 * kMiB);
  const std::size_t before = stage.link.sent.size();
  StagePeer& bob = stage.connect();
  ask(bob, 2);
  REQUIRE(stage.until_sent(before + 1));
  CHECK(stage.link.sent.back().request.length == 1);
  stage.reply(stage.link.sent.size() - 1);
  REQUIRE(stage.until([&] { return bob.frames().size() == 1; }));
}

TEST_CASE("clients of one listener leave half of the budget to those of others") {
  SessionStage stage(Protocol::frame, 8 * kMiB);
  for (int n = 0; n < 30; ++n) send_part(stage.connect(), 2'000'000, 1'999'999);
  stage.turn(100);
  CHECK(stage.held() < 6 * kMiB);  // and one read of each
  CHECK(stage.share.held <= stage.held());
}

TEST_CASE("a client that is kept waiting by half requests is let in: those who hold most of them go") {
  SessionStage stage(Protocol::frame, 8 * kMiB, 100ms);
  for (int n = 0; n < 24; ++n) send_part(stage.connect(), 1'900'000, 1'899'999);
  stage.turn(100);
  const std::size_t before = stage.link.sent.size();
  StagePeer& bob = stage.connect();
  ask(bob, 2, std::string(600'000, 'b'));
  REQUIRE(stage.until_sent(before + 1));
  CHECK(stage.closed(CloseReason::memory_hog) > 0);
  CHECK(stage.sessions.size() > 1);
}

TEST_CASE("nobody is dropped for what servers work on") {
  SessionStage stage(Protocol::frame, 4 * kMiB, 50ms);
  std::vector<StagePeer*> clients;
  const auto ask_next = [&clients](std::size_t client, std::uint64_t id) {
    ask(*clients[client], id, std::string(400'000, 'c'));
  };
  for (std::size_t n = 0; n < 3; ++n) {
    clients.push_back(&stage.connect());
    ask_next(n, 1);
  }
  REQUIRE(stage.until_sent(3));  // so each has something at a server, and none is kept waiting by the others
  for (std::size_t n = 0; n < 3; ++n)
    for (std::uint64_t id = 2; id <= 4; ++id) ask_next(n, id);
  stage.until([beats = 200]() mutable { return --beats < 0; });
  CHECK(stage.sessions.size() == 3);
  for (std::size_t n = 0; n < 12; ++n) {
    REQUIRE(stage.until_sent(n + 1));
    stage.reply(n);
  }
  CHECK(stage.until(
      [&] { return std::ranges::all_of(clients, [](StagePeer* it) { return it->frames().size() == 4; }); }));
}

TEST_CASE("a client that is not read and resets is noticed") {
  SessionStage stage(Protocol::frame, 4 * kMiB);
  StagePeer& hog = stage.connect();
  for (std::uint64_t id = 1; id <= 12; ++id) ask(hog, id, std::string(kMiB - 100, 'h'));
  stage.turn();
  CHECK(stage.held() > 0);
  hog.reset();
  REQUIRE(stage.until([&] {
    stage.sessions.check_time(stage.now());
    return stage.sessions.size() == 0;
  }));
  stage.dispatcher.tick(stage.now());
  CHECK(stage.held() < 20'000);  // its bodies are let go
}

TEST_CASE("of a worker that holds too much one begun reply comes on at a time") {
  SessionStage stage(Protocol::frame, kMiB);
  stage.dispatcher.add_half_reply(3 * kMiB);
  stage.link.half = 2 * kMiB;
  stage.other_link.half = kMiB;
  stage.turn(2);
  CHECK(stage.link.may_read);
  CHECK_FALSE(stage.other_link.may_read);
  stage.dispatcher.add_half_reply(-3 * static_cast<std::ptrdiff_t>(kMiB));
  stage.turn(2);
  CHECK(stage.other_link.may_read);
}

TEST_CASE("above twice the budget the client that lets most lie is dropped, and the others stay") {
  SessionStage stage(Protocol::frame, 2 * kMiB);
  stage.options.max_buffer = 64 << 20;
  StagePeer& bob = stage.connect();
  ask(bob, 1);
  REQUIRE(stage.until_sent(1));
  StagePeer& sloth = sloth_with(stage, 20 * kMiB);
  REQUIRE(stage.until([&] { return stage.closed(CloseReason::slow_reader) == 1; }));
  CHECK(stage.sessions.size() == 1);
  sloth.set_reading(true);
  REQUIRE(stage.until([&] { return sloth.ended(); }));
  stage.reply(0);
  REQUIRE(stage.until([&] { return bob.frames().size() == 1; }));
  ask(bob, 2);
  REQUIRE(stage.until_sent(3));
}

TEST_CASE("while the only link is full its clients are not read, and then they go on") {
  SessionStage stage;
  StagePeer& alice = stage.connect();
  ask(alice, 1);
  REQUIRE(stage.until_sent(1));
  stage.dispatcher.on_link_full(0);
  for (std::uint64_t id = 2; id <= 9; ++id) ask(alice, id);
  stage.turn();
  CHECK(stage.link.sent.size() == 1);
  CHECK(alice.frames().empty());  // nobody was turned away
  stage.dispatcher.on_link_drained(0, stage.now());
  REQUIRE(stage.until_sent(9));
}

TEST_CASE("a full link that is lost sets its clients free") {
  SessionStage stage;
  stage.dispatcher.on_link_full(0);
  StagePeer& alice = stage.connect();
  ask(alice, 1);
  stage.turn();
  CHECK(alice.frames().empty());
  stage.dispatcher.on_link_down(0, stage.now());
  REQUIRE(stage.until([&] { return alice.frames().size() == 1; }));
  CHECK(alice.frames()[0].status() == proto::Status::no_server);
}

TEST_CASE("no more clients are dropped than have to be") {
  SessionStage stage(Protocol::frame, 8 * kMiB, 100ms);
  StagePeer& bob = stage.connect();
  ask(bob, 1);
  REQUIRE(stage.until_sent(1));
  for (int n = 0; n < 3; ++n)
    sloth_with(stage, 16 * kMiB);  // each alone is over the budget, two over twice of it
  REQUIRE(stage.until([&] { return stage.closed(CloseReason::slow_reader) == 3; }));
  CHECK(stage.sessions.size() == 1);
  stage.reply(0);
  REQUIRE(stage.until([&] { return bob.frames().size() == 1; }));

  SessionStage roomy(Protocol::frame, 24 * kMiB, 100ms);
  for (int n = 0; n < 5; ++n) sloth_with(roomy, 16 * kMiB);
  REQUIRE(
      roomy.until([&] { return roomy.closed(CloseReason::slow_reader) > 0 && roomy.held() <= 18 * kMiB; }));
  CHECK(roomy.closed(CloseReason::slow_reader) < 5);
  CHECK(roomy.held() > 0);
}

TEST_CASE("a client that never reads is dropped once it has kept the worker above its budget for so long") {
  SessionStage stage(Protocol::frame, 8 * kMiB, 1s);
  sloth_with(stage, 16 * kMiB);
  REQUIRE(stage.held() > 8 * kMiB);
  StagePeer& bob = stage.connect();
  const std::size_t before = stage.link.sent.size();
  ask(bob, 2);
  REQUIRE(stage.until_sent(before + 1));  // meanwhile others are served
  REQUIRE(stage.until([&] { return stage.closed(CloseReason::slow_reader) == 1; }));
  CHECK(stage.held() < kMiB);
}

TEST_CASE(
    "very many clients that ask very much in empty frames and read nothing cost no honest one its "
    "connection") {
  constexpr std::size_t kClients = 400;
  SessionStage stage(Protocol::frame, kMiB, 100ms);
  stage.options.max_open = 100'000;
  StagePeer& bob = stage.connect();
  std::string many;
  for (std::uint64_t id = 1; id <= 2000; ++id)
    many += text_of(frame_of({.type = 'V', .id = id, .length = 0}));
  for (std::size_t n = 0; n < kClients; ++n) {
    StagePeer& sloth = stage.connect();
    sloth.set_reading(false);
    sloth.send(many);
  }
  std::size_t most = 0, asked = 0;
  for (std::uint64_t id = 1; id <= 20; ++id) {
    ask(bob, id);
    REQUIRE(stage.until([&] {
      most = std::max(most, stage.held());
      for (; asked < stage.link.sent.size(); ++asked) stage.reply(asked);
      return bob.frames().size() == id;
    }));
  }
  CHECK(most < 2 * kMiB + kClients * 2048);
}
