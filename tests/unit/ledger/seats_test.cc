// The seat of a pool in the ledger: who has it until when, what it has called for, and what of that comes
// here.
#include "lb/ledger/seats.h"

#include <doctest/doctest.h>

#include "lb/ledger/layout.h"
#include "lb/ledger/nodes.h"

using namespace finishline;
using namespace finishline::ledger;
using Who = SeatHolder::Who;

namespace {

Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }

struct SeatDesk {
  Ledger ledger = std::get<Ledger>(Ledger::create({4, 8, 1024, 3}));
  ServerId server = *ledger.ensure_server("video-1", 1);
  SeatCalls calls{ledger};
  std::vector<SeatCall> read(Instant now) const {
    std::vector<SeatCall> all;
    calls.read(server, now, all);
    return all;
  }
  std::vector<SeatCall> take(Instant now) const {
    std::vector<SeatCall> all;
    calls.take(server, now, all);
    return all;
  }
};

SeatCall call_to(std::uint32_t node, Instant when) {
  return {.node = node, .lane = 2, .reason = 3, .length = 7, .service = 7ms, .at = when};
}

}  // namespace

TEST_CASE("a seat is its holder's until then, and nobody's after") {
  SeatDesk desk;
  CHECK(seat_holder(desk.ledger, 0, at(0s)).who == Who::nobody);
  CHECK(show_seat(desk.ledger, 0, {.who = Who::node, .node = 2}, at(150ms), at(0s)));
  CHECK_FALSE(show_seat(desk.ledger, 0, {.who = Who::node, .node = 2}, at(200ms), at(50ms)));
  CHECK(seat_holder(desk.ledger, 0, at(199ms)) == SeatHolder{.who = Who::node, .node = 2});
  CHECK(seat_holder(desk.ledger, 0, at(200ms)).who == Who::nobody);
  CHECK(show_seat(desk.ledger, 0, {.who = Who::self}, at(600ms), at(250ms)));
  const SeatStatus status = seat_status(desk.ledger, 0, at(300ms));
  CHECK(status.holder.who == Who::self);
  CHECK(status.since == at(250ms));
  CHECK(status.moves == 2);
}

TEST_CASE("a pool beyond those that share has no seat") {
  SeatDesk desk;
  CHECK_FALSE(show_seat(desk.ledger, kSharingPools, {.who = Who::self}, at(1s), at(0s)));
  CHECK(seat_holder(desk.ledger, kSharingPools, at(0s)).who == Who::nobody);
}

TEST_CASE("a call is read as it was made, and carried over once") {
  SeatDesk desk;
  REQUIRE(desk.calls.call(desk.server, call_to(1, at(0s))));
  const auto taken = desk.take(at(1ms));
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].node == 1);
  CHECK(taken[0].lane == 2);
  CHECK(taken[0].reason == 3);
  CHECK(taken[0].length == 7);
  CHECK(taken[0].service == 7ms);
  CHECK(taken[0].at == at(0s));
  CHECK(desk.take(at(1ms)).empty());
  CHECK(desk.read(at(1ms)).size() == 1);  // it is still on its way
}

TEST_CASE("what has come is on its way no more, and calls to others are") {
  SeatDesk desk;
  NodeBooks node(desk.ledger, *node_row(desk.ledger, "other", at(0s)));
  NodeBooks third(desk.ledger, *node_row(desk.ledger, "third", at(0s)));
  REQUIRE(desk.calls.call(desk.server, call_to(node.row(), at(0s))));
  REQUIRE(desk.calls.call(desk.server, call_to(third.row(), at(0s))));
  node.show(desk.server, {.books = {1, 7ms}, .sent = 1, .turn = NodeWork::Turn::begun}, at(1ms));
  const auto left = desk.read(at(1ms));
  REQUIRE(left.size() == 1);
  CHECK(left[0].node == third.row());
  CHECK(seat_calls_status(desk.ledger).came == 1);
  CHECK(seat_calls_status(desk.ledger).trip == 1ms);
}

TEST_CASE("a call that was lost does not stand for the next one, and that for the one after it") {
  SeatDesk desk;
  NodeBooks node(desk.ledger, *node_row(desk.ledger, "other", at(0s)));
  REQUIRE(desk.calls.call(desk.server, call_to(node.row(), at(0s))));
  REQUIRE(desk.calls.call(desk.server, call_to(node.row(), at(4ms))));
  node.show(desk.server, {.books = {1, 7ms}, .sent = 1, .turn = NodeWork::Turn::begun}, at(6ms));
  const auto left = desk.read(at(6ms));
  REQUIRE(left.size() == 1);
  CHECK(left[0].at == at(0s));
  CHECK(seat_calls_status(desk.ledger).trip == 2ms);
}

TEST_CASE("no more than a few are on their way to a server, and old ones make room") {
  SeatDesk desk;
  for (std::size_t i = 0; i < kSeatCalls; ++i) CHECK(desk.calls.call(desk.server, call_to(0, at(0s))));
  CHECK_FALSE(desk.calls.call(desk.server, call_to(0, at(5ms))));
  CHECK(desk.calls.call(desk.server, call_to(0, at(kSeatCallHolds + 1ms))));
  CHECK(desk.read(at(kSeatLeftOut + 1ms)).size() == 1);
}

TEST_CASE("a grant is taken once, by its worker, and not when it is old") {
  SeatDesk desk;
  REQUIRE(give_grant(desk.ledger, 1, {.server = 3, .lane = 2, .reason = 1, .length = 9}, at(0s)));
  CHECK_FALSE(take_grant(desk.ledger, 0, at(0s)));
  const auto grant = take_grant(desk.ledger, 1, at(1ms));
  REQUIRE(grant);
  CHECK(grant->server == 3);
  CHECK(grant->lane == 2);
  CHECK(grant->reason == 1);
  CHECK(grant->length == 9);
  CHECK_FALSE(take_grant(desk.ledger, 1, at(1ms)));
  REQUIRE(give_grant(desk.ledger, 1, {.server = 3}, at(2ms)));
  CHECK_FALSE(take_grant(desk.ledger, 1, at(2ms + kSeatGrantHolds + 1us)));
}

TEST_CASE("a worker that takes nothing is given no more than it has room for, and what it left is void") {
  SeatDesk desk;
  for (std::size_t i = 0; i < kSeatGrants; ++i) CHECK(give_grant(desk.ledger, 0, {}, at(0s)));
  CHECK_FALSE(give_grant(desk.ledger, 0, {}, at(0s)));
  CHECK_FALSE(take_grant(desk.ledger, 0, at(1s)));
  CHECK(give_grant(desk.ledger, 0, {}, at(1s)));
}
