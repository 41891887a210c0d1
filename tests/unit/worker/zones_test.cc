// Servers of another zone: what of the data path goes by how far they are, and what does not.
#include <doctest/doctest.h>

#include "tests/support/dispatch_desk.h"
#include "tests/support/pool_desk.h"

using namespace finishline;
using namespace finishline::worker;
using namespace finishline::test;

namespace {

const ServerPlan kNear{"video-1"}, kFar{.name = "video-2", .distance = {1, 25ms}};

RequestPool::Options late() { return {.name = "media", .policy = "makespan", .late = true, .mark = 1ms}; }

}  // namespace

TEST_CASE("late: a request waits for the near server while that is not behind by more, and then does not") {
  DispatchDesk desk({kNear, kFar}, late());
  for (std::uint64_t tag = 1; tag <= 3; ++tag) desk.ask(tag, {.length = 10});
  desk.dispatcher.look_at_waiting(desk.now);
  // The second would be done after 20 ms here and 35 ms there, the third after 30 ms here.
  CHECK(desk.links[0].sent.size() == 1);
  CHECK(desk.links[1].sent.empty());
  CHECK(desk.dispatcher.waiting() == 2);
  for (std::uint64_t tag = 4; tag <= 12; ++tag) desk.ask(tag, {.length = 10});
  desk.dispatcher.look_at_waiting(desk.now);
  // Now there is work for longer than that.
  CHECK(desk.links[1].sent.size() == 1);
}

TEST_CASE("late: where the near server is gone the far one is given all") {
  DispatchDesk desk({kNear, kFar}, late());
  desk.ledger.set_state(0, ledger::ServerState::down);
  desk.ask(1, {.length = 10});
  CHECK(desk.links[1].sent.size() == 1);
}

TEST_CASE("late: a near server that is slow does not keep a long request from a fast one far away") {
  DispatchDesk desk({{"music-1", "music"}, kFar}, late());  // a video takes three times as long there
  desk.ask(1, {.length = 5});                               // 15 ms against 5 + 25
  CHECK(desk.links[0].sent.size() == 1);
  desk.reply_to(0, 0);
  desk.ask(2, {.length = 50});  // 150 ms against 50 + 25
  CHECK(desk.links[1].sent.size() == 1);
}

TEST_CASE("a far server that is full is full, and its distance is not waited for") {
  DispatchDesk desk({kFar}, {.name = "media", .policy = "earliest-finish", .max_backlog = 20ms});
  desk.ask(1, {.length = 10});
  desk.ask(2, {.length = 15});
  CHECK(desk.links[0].sent.size() == 2);  // 10 ms before it: less than 20
  desk.ask(3, {.length = 1});
  REQUIRE(desk.clients.given.size() == 1);
  CHECK(desk.clients.given[0].answer.status == proto::Status::overloaded);
}

TEST_CASE("streams go to another zone by the factor, too") {
  ledger::Ledger ledger = make_ledger();
  ledger::WorkerBooks books(ledger, 0);
  ledger::WorkerMetrics metrics(ledger, 0);
  std::vector<Member> members = members_of(ledger);
  members[0].distance.factor = 4;
  RequestPool pool({.name = "s", .policy = "weighted-round-robin", .streams = true}, members, cost(), books,
                   metrics, 1);
  std::array<int, 3> given{};
  for (int n = 0; n < 90; ++n) ++given.at(std::get<Placement>(pool.place_stream({}, at(0ms))).member);
  CHECK(given == std::array<int, 3>{10, 40, 40});
}
