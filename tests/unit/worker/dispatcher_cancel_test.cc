// Requests that their clients cancel: where they are then, and what each side is told.
#include <doctest/doctest.h>

#include "lb/worker/cancel_list.h"
#include "lb/worker/dispatcher.h"
#include "tests/support/dispatch_desk.h"

using namespace finishline;
using namespace finishline::worker;
using namespace finishline::test;
using ledger::ServerCell;
using ledger::WorkerCell;
using proto::Status;

namespace {

const ServerPlan kVideo1{"video-1"};
const ServerPlan kMini{"mini-1", "video", true};

RequestPool::Options one_at_a_time() {
  return {
      .name = "media", .policy = "makespan", .max_backlog = 5ms, .wait_when_full = true, .max_waiting = 9};
}

}  // namespace

TEST_CASE("a cancelled request that waits is answered at once, and never sent") {
  DispatchDesk desk({kVideo1}, one_at_a_time());
  desk.ask(1, {.length = 10});
  desk.ask(2, {.body = "cat"});
  REQUIRE(desk.dispatcher.waiting() == 1);
  desk.cancel(2);
  desk.tick_after(1ms);
  CHECK(desk.answered() == "cancelled");
  CHECK(desk.clients.given[0].tag == 2);
  CHECK(desk.dispatcher.waiting() == 0);
  CHECK(desk.links[0].cancelled.empty());
  CHECK(desk.reply_to(0, 0));
  CHECK(desk.links[0].sent.size() == 1);
  CHECK(desk.total(WorkerCell::cancels) == 1);
  desk.check_quiet();
}

TEST_CASE("a cancelled request that a server has is answered at once, and the server is told") {
  DispatchDesk desk({kVideo1});
  desk.ask(1, {.length = 10});
  desk.cancel(1);
  desk.tick_after(1ms);
  CHECK(desk.answered() == "cancelled");
  REQUIRE(desk.links[0].cancelled.size() == 1);
  CHECK(desk.links[0].cancelled[0] == desk.links[0].sent[0].token);
  CHECK(desk.dispatcher.in_flight() == 1);  // booked until the server has said that it is through with it
  CHECK(desk.reply_to(0, 0, {.status = Status::cancelled, .service = 1ms}));
  CHECK(desk.answered() == "cancelled");
  CHECK(desk.reader.failed(0, Status::cancelled) == 1);
  desk.check_quiet();
}

TEST_CASE("a server that does as it was told has not failed; one that made it up has") {
  DispatchDesk desk({kVideo1});
  desk.ask(1);
  desk.cancel(1);
  desk.tick_after(1ms);
  desk.reply_to(0, 0, {.status = Status::cancelled});
  CHECK(desk.reader.total(0, ServerCell::faults) == 0);
  CHECK(desk.reader.total(0, ServerCell::good_replies) == 0);
  desk.ask(2);
  desk.reply_to(0, 1, {.status = Status::cancelled});
  CHECK(desk.reader.total(0, ServerCell::faults) == 1);
  desk.check_quiet();
}

TEST_CASE("a reply that is faster than the cancelling is the answer") {
  DispatchDesk desk({kVideo1});
  desk.ask(1);
  desk.cancel(1);
  CHECK(desk.reply_to(0, 0));
  desk.tick_after(1ms);
  CHECK(desk.answered() == "ok");
  CHECK(desk.links[0].cancelled.empty());
  CHECK(desk.total(WorkerCell::cancels) == 0);
  desk.check_quiet();
}

TEST_CASE("a server that does the work all the same settles its booking, and nobody hears of it") {
  DispatchDesk desk({kVideo1});
  desk.ask(1);
  desk.cancel(1);
  desk.tick_after(1ms);
  CHECK(desk.reply_to(0, 0, {.service = 1ms}));
  CHECK(desk.answered() == "cancelled");
  desk.check_quiet();
}

TEST_CASE("a cancelled request is not done again when its server is lost") {
  DispatchDesk desk({kVideo1, {"video-2"}});
  desk.ask(1, {.retryable = true});
  const LinkId used = desk.links[0].sent.empty() ? 1 : 0;
  desk.cancel(1);
  desk.tick_after(1ms);
  desk.lose(used);
  CHECK(desk.answered() == "cancelled");
  CHECK(desk.links[1 - used].sent.empty());
  desk.check_quiet();
}

TEST_CASE("where order is all there is, a cancelled request keeps its place until its reply has come") {
  DispatchDesk desk({kMini});
  desk.ask(1);
  desk.ask(2);
  desk.cancel(1);
  desk.tick_after(1ms);
  CHECK(desk.answered() == "cancelled");
  CHECK(desk.reply(0, desk.dispatcher.oldest(0)->token()));
  CHECK(desk.reply(0, desk.dispatcher.oldest(0)->token()));
  CHECK(desk.answered() == "cancelled ok");
  desk.check_quiet();
}

TEST_CASE("who cancels what is not open is told nothing, and a later request of that name is served") {
  DispatchDesk desk({kVideo1});
  desk.cancel(7);
  desk.now += 1ms;
  desk.ask(7);
  desk.tick_after(1ms);
  CHECK(desk.answered() == "");
  desk.reply_to(0, 0);
  desk.cancel(7);
  desk.tick_after(1ms);
  CHECK(desk.answered() == "ok");
  desk.check_quiet();
}

TEST_CASE("many cancelled at once are looked for at once, so that they fill no memory") {
  DispatchDesk desk({kVideo1});
  desk.ask(1);
  for (std::uint64_t tag = 1000; tag < 1255; ++tag) desk.cancel(tag);
  CHECK(desk.answered() == "");
  desk.cancel(1);  // the 256th
  CHECK(desk.answered() == "cancelled");
  desk.reply_to(0, 0);
  desk.check_quiet();
}

TEST_CASE("servers are told of what nobody waits for: the client has gone, the deadline has passed") {
  DispatchDesk desk({kVideo1});
  desk.ask(1, {.deadline_ms = 50});
  desk.ask(2);
  desk.tick_after(100ms);
  CHECK(desk.links[0].cancelled.size() == 1);
  desk.clients.present = false;
  desk.dispatcher.client_left();
  desk.tick_after(1ms);
  CHECK(desk.links[0].cancelled.size() == 2);
  desk.reply_to(0, 0, {.status = Status::cancelled});
  desk.reply_to(0, 1, {.status = Status::cancelled});
  desk.check_quiet();
}

TEST_CASE("only a request that was there when it was cancelled is meant") {
  CancelList list;
  CHECK(list.empty());
  const ReplyAddress client{1, 3, 7};
  const Instant then{1s};
  list.add(client, then);
  CHECK(list.has(client, then - 1ms));
  CHECK(list.has(client, then));
  CHECK_FALSE(list.has(client, then + 1ns));
  CHECK_FALSE(list.has({1, 5, 7}, then));
  CHECK_FALSE(list.has({1, 3, 8}, then));
}
