// How much a worker holds for clients that do not read and servers that do not take, and what it does then.
#include <doctest/doctest.h>

#include <string>

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
  alice.send(frame_of({.type = 'V', .flags = proto::kRetryable, .id = 1, .length = 1}, std::string(5000, 'a')));
  REQUIRE(stage.until_sent(1));
  CHECK(stage.held() >= 5000);
  CHECK(stage.held() < 6000);
  send_part(alice, 30'000, 20'000);
  REQUIRE(stage.until([&] { return stage.held() >= 25'000; }));
  alice.reset();
  REQUIRE(stage.until([&] { return stage.sessions.size() == 0; }));
  CHECK(stage.held() < 6000);  // the request is at its server still
  stage.reply(0);
  stage.turn();
  CHECK(stage.held() == 0);
}

TEST_CASE("above the budget nobody is read until those who are slow have read on") {
  SessionStage stage(Protocol::frame, 8 * kMiB);
  StagePeer& sloth = sloth_with(stage, 16 * kMiB);
  REQUIRE(stage.held() > 8 * kMiB);
  REQUIRE(stage.held() <= 16 * kMiB);
  StagePeer& bob = stage.connect();
  const std::size_t before = stage.link.sent.size();
  ask(bob, 2);
  stage.turn();
  CHECK(stage.link.sent.size() == before);
  sloth.set_reading(true);
  REQUIRE(stage.until_sent(before + 1));
  CHECK(stage.sessions.size() == 2);
  stage.reply(before);
  REQUIRE(stage.until([&] { return bob.frames().size() == 1; }));
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

TEST_CASE("half requests that fill the budget make room by their time-out") {
  SessionStage stage(Protocol::frame, kMiB);
  stage.options.header_timeout = 1s;
  StagePeer& mallory = stage.connect();
  send_part(mallory, 3 * kMiB, 2 * kMiB);
  REQUIRE(stage.until([&] { return stage.held() > kMiB; }));
  StagePeer& bob = stage.connect();
  ask(bob, 2);
  stage.turn();
  CHECK(stage.link.sent.empty());
  stage.sessions.check_time(stage.now() + 2s);
  CHECK(stage.closed(CloseReason::header_timeout) == 1);
  REQUIRE(stage.until_sent(1));
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
  for (int n = 0; n < 3; ++n) sloth_with(stage, 16 * kMiB);  // each alone is over the budget, two over twice of it
  REQUIRE(stage.until([&] { return stage.closed(CloseReason::slow_reader) == 3; }));
  CHECK(stage.sessions.size() == 1);
  stage.reply(0);
  REQUIRE(stage.until([&] { return bob.frames().size() == 1; }));

  SessionStage roomy(Protocol::frame, 24 * kMiB, 100ms);
  for (int n = 0; n < 5; ++n) sloth_with(roomy, 16 * kMiB);
  REQUIRE(roomy.until([&] { return roomy.closed(CloseReason::slow_reader) > 0 && roomy.held() <= 18 * kMiB; }));
  CHECK(roomy.closed(CloseReason::slow_reader) < 5);
  CHECK(roomy.held() > 0);
}

TEST_CASE("a client that never reads holds up the others for so long and no longer") {
  SessionStage stage(Protocol::frame, 8 * kMiB, 100ms);
  sloth_with(stage, 16 * kMiB);
  REQUIRE(stage.held() > 8 * kMiB);
  StagePeer& bob = stage.connect();
  const std::size_t before = stage.link.sent.size();
  ask(bob, 2);
  REQUIRE(stage.until_sent(before + 1));
  CHECK(stage.closed(CloseReason::slow_reader) == 1);
  CHECK(stage.held() < kMiB);
}
