// Other proxies in the ledger: their books are in every sum, and go when they fall silent.
#include "lb/ledger/nodes.h"

#include <doctest/doctest.h>

#include <vector>

#include "lb/ledger/demand.h"
#include "lb/ledger/layout.h"
#include "lb/ledger/row_lease.h"

using namespace finishline;
using namespace finishline::ledger;
using Turn = NodeWork::Turn;

namespace {

Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }
std::int64_t ns(Instant t) { return t.time_since_epoch().count(); }

struct Desk {
  explicit Desk(std::uint32_t slots = 1) : server(*ledger.ensure_server("video-1", slots)) {
    node.enter(1, at(0s));
    node.heard(100, at(0s));
  }
  Nanos expected(Instant now) const {
    return Nanos(ledger.finish_at(server, ledger.finish_word(server), now) - ns(now));
  }
  Ledger ledger = std::get<Ledger>(Ledger::create({4, 8, 1024, 3}));
  ServerId server;
  WorkerBooks own{ledger, 0};
  NodeBooks node{ledger, *node_row(ledger, "other", at(0s))};
};

NodeWork work(Nanos owed, std::uint32_t in_flight, Turn turn = Turn::same, Nanos ago = 0ns) {
  return {.books = {in_flight, owed}, .sent = 0, .turn = turn, .ago = ago};
}

}  // namespace

TEST_CASE("what another proxy owes is in the sum and in the finish time, less what was done since it began") {
  Desk desk;
  desk.node.show(desk.server, work(5ms, 1, Turn::begun, 1ms), at(0s));
  CHECK(desk.ledger.books(desk.server).in_flight == 1);
  CHECK(desk.ledger.books(desk.server).owed == 5ms);
  CHECK(desk.expected(at(0s)) == 4ms);
}

TEST_CASE("work behind work in service is added to the finish time, and takes none of it back") {
  Desk desk;
  desk.own.reserve(desk.server, 6ms, at(0s));
  desk.node.show(desk.server, work(3ms, 1, Turn::begun, 1ms), at(2ms));
  CHECK(desk.expected(at(2ms)) == 7ms);
}

TEST_CASE("when another proxy's request is done, the next one began then, whoever sent it") {
  Desk desk;
  desk.node.show(desk.server, work(5ms, 1, Turn::begun), at(0s));
  desk.own.reserve(desk.server, 6ms, at(1ms));
  CHECK(desk.expected(at(1ms)) == 10ms);
  desk.node.show(desk.server, work(0ms, 0, Turn::settled, 1ms), at(4ms));
  CHECK(desk.expected(at(4ms)) == 5ms);
}

TEST_CASE("an idle server is first for whoever saw its last reply") {
  Desk desk;
  desk.node.show(desk.server, work(5ms, 1, Turn::begun), at(0s));
  desk.node.show(desk.server, work(0ms, 0, Turn::settled, 100us), at(5ms));
  CHECK(desk.expected(at(5ms)) == 400us);
  desk.ledger.audit(at(5ms));
  CHECK(desk.expected(at(5ms)) == 400us);
  CHECK(desk.expected(at(6ms)) == 0ns);
  CHECK(desk.ledger.finish_word(desk.server) != kIdle);
  desk.ledger.audit(at(6ms));
  CHECK(desk.ledger.finish_word(desk.server) == kIdle);
}

TEST_CASE("a proxy that falls silent owes nothing, as a worker that has died") {
  Desk desk;
  desk.own.reserve(desk.server, 6ms, at(0s));
  desk.node.show(desk.server, work(30ms, 3), at(0s));
  desk.node.show(0, sched::WaitLane{.head_key = 1, .volume = 5, .count = 1, .head_length = 5, .type = 2});
  desk.node.fall_silent(at(1ms));
  CHECK(desk.ledger.books(desk.server).owed == 6ms);
  CHECK(desk.expected(at(1ms)) <= 6ms);
  CHECK_FALSE(Demand(desk.ledger, 0, 0).any());
  CHECK(node_statuses(desk.ledger).at(0).state == NodeState::silent);
  CHECK(node_statuses(desk.ledger).at(0).silences == 1);
}

TEST_CASE("what waits at another proxy is seen beside what waits at other workers") {
  Desk desk;
  desk.node.show(0, sched::WaitLane{.head_key = 1, .volume = 5, .count = 1, .head_length = 5, .type = 2});
  std::vector<sched::WaitLane> lanes;
  const Demand demand(desk.ledger, 0, 0);
  demand.read_others(3, lanes);
  REQUIRE(lanes.size() == 1);
  CHECK(lanes[0].worker == desk.node.writer());
  CHECK(demand.any(2));
  desk.node.show(0, sched::WaitLane{.type = 2});
  CHECK_FALSE(demand.any());
}

TEST_CASE("several lanes of our own are told as one") {
  Desk desk;
  Demand first(desk.ledger, 0, 0), second(desk.ledger, 0, 1);
  WorkerBooks other(desk.ledger, 1);
  first.show(
      {.head_key = 20, .volume = 5, .count = 1, .head_length = 5, .longest = 5, .shortest = 5, .type = 1});
  second.show(
      {.head_key = 10, .volume = 9, .count = 2, .head_length = 1, .longest = 8, .shortest = 1, .type = 1});
  const sched::WaitLane all = own_lane(desk.ledger, 0, 1);
  CHECK(all.head_key == 10);
  CHECK(all.head_length == 1);
  CHECK(all.count == 3);
  CHECK(all.volume == 14);
  CHECK(all.longest == 8);
  CHECK(all.shortest == 1);
  CHECK(own_waiting_types(desk.ledger, 0) == 2U);
}

TEST_CASE("rows of proxies go by name, and to another name only when one was silent for long") {
  Ledger ledger = std::get<Ledger>(Ledger::create({4, 8, 1024, 2}));
  CHECK(node_row(ledger, "a", at(0s)) == 0U);
  CHECK(node_row(ledger, "b", at(0s)) == 1U);
  CHECK(node_row(ledger, "a", at(0s)) == 0U);
  NodeBooks(ledger, 0).enter(1, at(0s));
  NodeBooks(ledger, 0).heard(1, at(0s));
  NodeBooks(ledger, 1).enter(1, at(0s));
  NodeBooks(ledger, 1).heard(1, at(0s));
  CHECK_FALSE(node_row(ledger, "c", at(1s)));
  NodeBooks(ledger, 1).fall_silent(at(1s));
  CHECK_FALSE(node_row(ledger, "c", at(2s)));
  CHECK(node_row(ledger, "c", at(2s) + kForgotten) == 1U);
  CHECK_FALSE(node_row(ledger, "", at(0s)));
  CHECK_FALSE(node_row(ledger, std::string(kMaxNodeName + 1, 'x'), at(0s)));
}

TEST_CASE("the row of a server is not free while the peer process may write in it") {
  Desk desk;
  peer_starting(desk.ledger, {desk.server}, at(0s));
  desk.ledger.set_state(desk.server, ServerState::absent);
  CHECK_FALSE(is_free(desk.ledger, desk.server));
  reclaim_nodes(desk.ledger, at(0s));
  CHECK(is_free(desk.ledger, desk.server));
}

TEST_CASE("a proxy that has left and is back has not left") {
  Desk desk;
  desk.node.fall_silent(at(1s), true);
  CHECK(node_statuses(desk.ledger).front().left);
  desk.node.enter(2, at(2s));
  CHECK_FALSE(node_statuses(desk.ledger).front().left);
  CHECK(node_statuses(desk.ledger).front().state == NodeState::here);
}

TEST_CASE("a server that the peer process lets go of is free, and nothing of other proxies is left there") {
  Desk desk;
  peer_starting(desk.ledger, {desk.server}, at(0s));
  CHECK(engine_status(desk.ledger).revision == 0);
  confirm_peer_revision(desk.ledger, 3);
  CHECK(engine_status(desk.ledger).revision == 3);
  const ServerId more = *desk.ledger.ensure_server("video-2", 1);
  acquire_node_rows(desk.ledger, std::vector{more});
  desk.node.show(desk.server, work(5ms, 1, Turn::begun), at(0s));
  desk.node.show(more, work(7ms, 1, Turn::begun), at(0s));
  release_node_rows(desk.ledger, std::vector{desk.server}, at(1ms));
  CHECK(desk.ledger.books(desk.server).in_flight == 0);
  CHECK(desk.ledger.books(desk.server).owed == 0ns);
  CHECK(desk.ledger.books(more).owed == 7ms);
  for (const ServerId id : {desk.server, more}) desk.ledger.set_state(id, ServerState::absent);
  CHECK(is_free(desk.ledger, desk.server));
  CHECK_FALSE(is_free(desk.ledger, more));
}

TEST_CASE("a server's own word is younger than what proxies said of it before") {
  CHECK(believed_owed(4ms, 0ms, 9ms) == 4ms);
  CHECK(believed_owed(4ms, 10ms, 9ms) == 9ms);
  CHECK(believed_owed(4ms, 10ms, 1ms) == 4ms);
  CHECK_FALSE(disagree(10ms, 9ms));
  CHECK(disagree(14ms, 4ms));
  CHECK_FALSE(disagree(800us, 0us));
}

TEST_CASE("a reply corrects what another proxy had said, and is counted where they disagree") {
  Desk desk;
  const auto booked = desk.own.reserve(desk.server, 5ms, at(0s));
  desk.own.reserve(desk.server, 5ms, at(0s));
  desk.node.show(desk.server, work(30ms, 3), at(0s));
  desk.own.settle(booked, 5ms, 6ms, at(5ms), 6ms);
  CHECK(desk.expected(at(5ms)) == 6ms);
  CHECK(engine_status(desk.ledger).disagreements == 1);
}

TEST_CASE("what was heard with the reply is not corrected by it") {
  Desk desk;
  const auto booked = desk.own.reserve(desk.server, 5ms, at(0s));
  desk.own.reserve(desk.server, 5ms, at(0s));
  desk.node.heard(1, at(5ms));
  desk.node.show(desk.server, work(30ms, 3), at(5ms));
  desk.own.settle(booked, 5ms, 6ms, at(5ms), 6ms);
  CHECK(desk.expected(at(5ms)) == 35ms);
}

TEST_CASE("who changes the books wakes the peer process once, and only while it sleeps") {
  Desk desk;
  const PeerSleep sleep(desk.ledger);
  CHECK_FALSE(sleep.wake());
  sleep.fall_asleep();
  CHECK(sleep.wake());
  CHECK_FALSE(sleep.wake());
}
