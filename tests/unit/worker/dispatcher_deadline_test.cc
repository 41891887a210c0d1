// Requests that nobody waits for any more: clients that have gone, deadlines that have passed, replies that
// are lost.
#include <doctest/doctest.h>

#include "lb/worker/dispatcher.h"
#include "tests/support/dispatch_desk.h"

using namespace finishline;
using namespace finishline::worker;
using namespace finishline::test;
using proto::Status;

namespace {

const ServerPlan kVideo1{"video-1"};
const ServerPlan kVideo2{"video-2"};
const ServerPlan kMini{"mini-1", "video", true};

RequestPool::Options options(Nanos timeout, std::uint32_t max_attempts = 3) {
  return {.name = "media", .policy = "makespan", .timeout = timeout, .max_attempts = max_attempts};
}

/// All that was sent over any link, oldest first per link.
std::size_t sent_in_all(const DispatchDesk& desk) {
  std::size_t sum = 0;
  for (const FakeLink& link : desk.links) sum += link.sent.size();
  return sum;
}

}  // namespace

TEST_CASE("what a client that has gone was waiting for is withdrawn, and its place is free") {
  DispatchDesk desk(
      {kVideo1},
      {.name = "media", .policy = "makespan", .max_backlog = 5ms, .wait_when_full = true, .max_waiting = 2});
  desk.ask(1, {.length = 10});
  desk.ask(2, {.retryable = true});
  desk.ask(3, {.retryable = true});
  CHECK(desk.dispatcher.waiting() == 2);
  desk.clients.present = false;
  desk.dispatcher.client_left();
  desk.tick_after(1ms);
  CHECK(desk.dispatcher.waiting() == 0);
  CHECK(desk.reader.answered(0, Status::cancelled) == 3);
  CHECK(desk.reply_to(0, 0));
  CHECK(sent_in_all(desk) == 1);
  CHECK(desk.reader.failed(0, Status::cancelled) == 1);
  desk.check_quiet();
}

TEST_CASE("what is refused at once is no latency; what is out of time is, for it has waited") {
  DispatchDesk desk({kVideo1}, {.name = "media", .policy = "makespan", .max_backlog = 5ms});
  const auto latencies = [&] {
    return ledger::LatencyReader(desk.ledger).of({ledger::Latency::request, 0, 0});
  };
  desk.ask(1, {.length = 10, .deadline_ms = 30});
  for (std::uint64_t tag = 2; tag < 50; ++tag) desk.ask(tag);
  CHECK(desk.reader.answered(0, Status::overloaded) == 48);
  CHECK(latencies().count() == 0);
  desk.tick_after(40ms);
  CHECK(desk.reader.answered(0, Status::deadline_exceeded) == 1);
  REQUIRE(latencies().count() == 1);
  CHECK(*latencies().quantile(0.5) > 30ms);
  desk.reply_to(0, 0);
  desk.check_quiet();
}

TEST_CASE("what a client that has gone had at a lost server is not done again") {
  DispatchDesk desk({kVideo1, kVideo2});
  desk.ask(1, {.retryable = true, .body = "cat"});
  desk.clients.present = false;
  desk.lose(desk.links[0].sent.empty() ? 1 : 0);
  CHECK(sent_in_all(desk) == 1);
  CHECK(desk.reader.answered(0, Status::cancelled) == 1);
  CHECK(desk.dispatcher.held_bytes() == 0);
  desk.check_quiet();
}

TEST_CASE("the bodies of a client that has gone are let go, however long their work takes") {
  DispatchDesk desk({kVideo1});
  for (std::uint64_t tag = 0; tag < 31; ++tag)
    desk.ask(tag, {.length = 1'000'000, .retryable = true, .body = std::string(10'000, 'b')});
  CHECK(desk.dispatcher.held_bytes() > 310'000);
  desk.clients.present = false;
  desk.dispatcher.client_left();
  desk.tick_after(1ms);
  CHECK(desk.dispatcher.held_bytes() < 20'000);
}

TEST_CASE("a booking outlives its request's deadline by the time that the work was to take, and no longer") {
  DispatchDesk desk({kVideo1});
  desk.ask(1, {.length = 300, .deadline_ms = 50});
  desk.tick_after(100ms);
  CHECK(desk.answered() == "deadline_exceeded");
  desk.tick_after(400ms);
  CHECK(desk.ledger.books(0).in_flight == 1);  // due at 300 ms, and 300 ms besides
  desk.tick_after(250ms);
  CHECK(desk.dispatcher.in_flight() == 0);
  CHECK(desk.reader.failed(0, Status::deadline_exceeded) == 1);
  CHECK_FALSE(desk.reply_to(0, 0));
  desk.check_quiet();
}

TEST_CASE("one lost reply does not keep a healthy server from work") {
  DispatchDesk desk({kVideo1, kVideo2});
  desk.ask(1, {.length = 5, .deadline_ms = 50});
  const LinkId loser = desk.links[0].sent.empty() ? 1 : 0;
  std::array<std::size_t, 2> shares{};
  for (std::uint64_t tag = 2; tag < 402; ++tag) {
    desk.tick_after(10ms);
    for (int twice = 0; twice < 2; ++twice) desk.ask(tag, {.length = 5});
    for (const LinkId link : {0U, 1U})
      for (std::size_t n = 0; n < desk.links[link].sent.size(); ++n)
        if (!(link == loser && n == 0) && desk.reply_to(link, n, {.service = 5ms})) ++shares[link];
  }
  CHECK(shares[loser] > 300);
  CHECK(shares[1 - loser] > 300);
  desk.check_quiet();
}

TEST_CASE("a reply that later ones have overtaken is given up in the end, and the link with it") {
  DispatchDesk desk({kVideo1, kVideo2});
  desk.ask(1, {.length = 5, .retryable = true});
  const LinkId loser = desk.links[0].sent.empty() ? 1 : 0;
  const auto given_up = [&] { return !desk.links[loser].given_up.empty(); };
  for (std::uint64_t tag = 2; tag < 2000 && !given_up(); ++tag) {
    desk.tick_after(10ms);
    for (int twice = 0; twice < 2; ++twice) desk.ask(tag, {.length = 5});
    for (const LinkId link : {0U, 1U})
      for (std::size_t n = 0; n < desk.links[link].sent.size(); ++n)
        if (!(link == loser && n == 0)) desk.reply_to(link, n, {.service = 5ms});
  }
  REQUIRE(given_up());
  desk.lose(loser);
  CHECK(desk.links[1 - loser].sent.back().request.retryable());
  desk.reply_to(1 - loser, desk.links[1 - loser].sent.size() - 1);
  desk.check_quiet();
}

TEST_CASE("a request past its deadline is answered once, and its late reply is taken and dropped") {
  DispatchDesk desk({kVideo1});
  desk.ask(1, {.length = 100, .deadline_ms = 50});
  desk.tick_after(40ms);
  CHECK(desk.clients.given.empty());
  desk.tick_after(30ms);
  CHECK(desk.answered() == "deadline_exceeded");
  desk.tick_after(100ms);
  CHECK(desk.ledger.books(0).in_flight == 1);  // the server still works on it
  CHECK(desk.reply_to(0, 0, {.service = 150ms}));
  CHECK(desk.answered() == "deadline_exceeded");
  CHECK_FALSE(desk.reply_to(0, 0));
  desk.check_quiet();
}

TEST_CASE("a late reply counts as one failed request of its server, not as a served one besides") {
  DispatchDesk desk({kVideo1});
  desk.ask(1, {.deadline_ms = 50});
  desk.tick_after(100ms);
  desk.reply_to(0, 0, {.service = 90ms});
  CHECK(desk.reader.failed(0, Status::deadline_exceeded) == 1);
  CHECK(desk.reader.served(0, 0) == 0);
  CHECK(desk.sent_to(0) == 1);
}

TEST_CASE("a request's own deadline stands before the pool's time-out, which stands for those without") {
  DispatchDesk desk({kVideo1}, options(200ms));
  desk.ask(1, {.deadline_ms = 50});
  desk.ask(2);
  desk.ask(3, {.deadline_ms = 1000});
  desk.tick_after(100ms);
  CHECK(desk.clients.given.size() == 1);
  desk.tick_after(200ms);
  CHECK(desk.clients.given.size() == 2);
  CHECK(desk.clients.given[1].tag == 2);
  desk.tick_after(800ms);
  CHECK(desk.answered() == "deadline_exceeded deadline_exceeded deadline_exceeded");
}

TEST_CASE("a link lost after the deadline neither answers again nor sends again") {
  DispatchDesk desk({kVideo1, kVideo2});
  desk.ask(1, {.retryable = true, .deadline_ms = 50});
  const LinkId used = desk.links[0].sent.empty() ? 1 : 0;
  desk.tick_after(100ms);
  desk.lose(used);
  CHECK(desk.answered() == "deadline_exceeded");
  CHECK(sent_in_all(desk) == 1);
  desk.check_quiet();
}

TEST_CASE("a second attempt keeps the deadline of the request and tells the server what is left") {
  DispatchDesk desk({kVideo1, kVideo2});
  desk.ask(1, {.retryable = true, .deadline_ms = 100});
  const LinkId first = desk.links[0].sent.empty() ? 1 : 0;
  CHECK(desk.links[first].sent[0].request.deadline_ms == 100);
  desk.tick_after(60ms);
  desk.lose(first);
  REQUIRE(desk.links[1 - first].sent.size() == 1);
  CHECK(desk.links[1 - first].sent[0].request.deadline_ms == 40);
  desk.tick_after(60ms);
  CHECK(desk.answered() == "deadline_exceeded");
  desk.reply_to(1 - first, 0);
  desk.check_quiet();
}

TEST_CASE("where order is all there is, a request given up keeps its place until its reply has come") {
  DispatchDesk desk({kMini});
  desk.ask(1, {.deadline_ms = 50});
  desk.ask(2);
  desk.tick_after(100ms);
  CHECK(desk.answered() == "deadline_exceeded");
  REQUIRE(desk.dispatcher.oldest(0) != nullptr);
  CHECK(desk.dispatcher.oldest(0)->abandoned());
  CHECK(desk.reply(0, desk.dispatcher.oldest(0)->token()));
  CHECK(desk.clients.given.size() == 1);
  CHECK(desk.reply(0, desk.dispatcher.oldest(0)->token()));
  CHECK(desk.clients.given[1].tag == 2);
  CHECK(desk.dispatcher.oldest(0) == nullptr);
  desk.check_quiet();
}
