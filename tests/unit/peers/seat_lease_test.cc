#include "lb/peers/seat_lease.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <optional>
#include <vector>

using namespace finishline;
using namespace finishline::peers;
using Ask = SeatLease::Ask;

namespace {

Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }

/// A lease that has just been had.
SeatLease held() {
  SeatLease lease;
  REQUIRE(lease.look(at(0ms), false) == Ask::take);
  lease.answered(true);
  return lease;
}

/// The key of an engine: as SET NX PX, and as what the holder alone may renew.
struct Key {
  std::optional<int> holder;
  Instant ends{};

  bool ask(int who, Ask what, Instant now) {
    if (now >= ends) holder.reset();
    if (what == Ask::take ? holder.has_value() : holder != who) return false;
    holder = who;
    ends = now + SeatLease::kTerm;
    return true;
  }
};

}  // namespace

TEST_CASE("a seat that nobody has is asked for at once, and is held for less long than its key") {
  SeatLease lease = held();
  CHECK(lease.holds(at(0ms)));
  CHECK(lease.holds(at(349ms)));
  CHECK_FALSE(lease.holds(at(350ms)));
  CHECK(SeatLease::kGiveUp < SeatLease::kTerm);
}

TEST_CASE("it is renewed in time, one question after the other, and counts from when it was asked") {
  SeatLease lease = held();
  CHECK(lease.look(at(149ms), false) == Ask::nothing);
  CHECK(lease.look(at(150ms), false) == Ask::renew);
  CHECK(lease.look(at(320ms), false) == Ask::nothing);
  lease.answered(true);  // at any time later
  CHECK(lease.held_until() == at(500ms));
}

TEST_CASE("a refused renewal gives the seat up at once, and a lost question when nothing has renewed it") {
  SeatLease refused = held();
  REQUIRE(refused.look(at(150ms), false) == Ask::renew);
  refused.answered(false);
  CHECK_FALSE(refused.holds(at(151ms)));
  SeatLease silent = held();
  REQUIRE(silent.look(at(150ms), false) == Ask::renew);
  silent.lost();
  CHECK(silent.holds(at(349ms)));
  CHECK(silent.look(at(300ms), false) == Ask::renew);
  CHECK_FALSE(silent.holds(at(350ms)));
}

TEST_CASE("nobody asks for what another is heard to have, and soon for what nobody has any more") {
  SeatLease lease;
  CHECK(lease.look(at(0ms), true) == Ask::nothing);
  CHECK(lease.look(at(10ms), false) == Ask::take);
  lease.answered(false);
  CHECK(lease.look(at(50ms), false) == Ask::nothing);
  CHECK(lease.look(at(60ms), false) == Ask::take);
  lease.answered(true);
  CHECK(lease.look(at(210ms), true) == Ask::renew);  // ours, whatever another says
}

TEST_CASE("an answer that nobody waits for changes nothing") {
  SeatLease lease;
  lease.answered(true);
  CHECK_FALSE(lease.holds(at(0ms)));
  REQUIRE(lease.look(at(0ms), false) == Ask::take);
  lease.lost();
  lease.answered(true);
  CHECK_FALSE(lease.holds(at(0ms)));
}

TEST_CASE("one at a time has it, whoever hangs for however long, and it is free for 600 ms at most") {
  CHECK(rc::check([] {
    Key key;
    std::vector<SeatLease> leases(3);
    std::vector<Instant> hangs(3, at(0ms));
    Instant taken = at(0ms);
    for (Nanos t = 0ms; t < 5s; t += 10ms) {
      const Instant now = at(t);
      std::size_t holders = 0;
      for (std::size_t i = 0; i < leases.size(); ++i) {
        holders += leases[i].holds(now);
        if (i > 0 && *rc::gen::inRange(0, 200) == 0) hangs[i] = now + *rc::gen::inRange(1, 900) * 1ms;
        if (now < hangs[i]) continue;
        if (const Ask ask = leases[i].look(now, false); ask != Ask::nothing)
          leases[i].answered(key.ask(static_cast<int>(i), ask, now));
      }
      RC_ASSERT(holders <= 1U);
      if (holders == 1) taken = now;
      RC_ASSERT(now - taken <= 600ms);  // the first one never hangs
    }
  }));
}
