#include "lb/ledger/waiting_line.h"

#include <doctest/doctest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "lb/ledger/ledger.h"

using namespace finishline;
using namespace finishline::ledger;

namespace {

constexpr Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }

Ledger make_ledger() { return std::get<Ledger>(Ledger::create({.max_workers = 9, .max_servers = 2})); }

/// One worker's view; the worker is known to the ledger.
struct Desk {
  Desk(Ledger& ledger, WorkerId worker, LineId line_id = 3)
      : books(ledger, worker), line(ledger, line_id, worker) {}
  WorkerBooks books;
  WaitingLine line;
};

}  // namespace

TEST_CASE("whose first has waited longest is next, whichever worker that is") {
  Ledger ledger = make_ledger();
  Desk a(ledger, 0), b(ledger, 1), c(ledger, 8);
  CHECK_FALSE(a.line.next());
  CHECK(a.line.is_turn(at(0ms)));
  b.line.set_first(at(2ms));
  c.line.set_first(at(1ms));
  CHECK(a.line.next() == 8U);
  CHECK(c.line.is_turn(at(1ms)));
  CHECK_FALSE(b.line.is_turn(at(2ms)));
  CHECK_FALSE(a.line.is_turn(at(5ms)));  // who comes now stands behind all
  c.line.set_first(std::nullopt);
  CHECK(a.line.next() == 1U);
  CHECK(b.line.is_turn(at(2ms)));
}

TEST_CASE("of two who came at the same instant exactly one is next") {
  Ledger ledger = make_ledger();
  Desk a(ledger, 0), b(ledger, 1);
  a.line.set_first(at(1ms));
  b.line.set_first(at(1ms));
  CHECK(a.line.is_turn(at(1ms)));
  CHECK_FALSE(b.line.is_turn(at(1ms)));
  CHECK(a.line.next() == 0U);
  CHECK(b.line.next() == 0U);
}

TEST_CASE("lines do not meet") {
  Ledger ledger = make_ledger();
  Desk a(ledger, 0, 0), b(ledger, 1, kAcceptLine), c(ledger, 2, 1);
  a.line.set_first(at(1ms));
  b.line.set_first(at(1ms));
  CHECK_FALSE(c.line.next());
  CHECK(a.line.next() == 0U);
  CHECK(b.line.next() == 1U);
}

TEST_CASE("who sees room for long that the first does not take passes it over, until it has another first") {
  Ledger ledger = make_ledger();
  Desk stopped(ledger, 0), b(ledger, 1);
  stopped.line.set_first(at(0ms));
  b.line.set_first(at(5ms));
  b.line.look(true, at(10ms));
  b.line.look(true, at(109ms));
  CHECK_FALSE(b.line.is_turn(at(5ms)));
  b.line.look(true, at(110ms));
  CHECK(b.line.is_turn(at(5ms)));
  CHECK(b.line.next() == 1U);
  stopped.line.set_first(at(3ms));  // it moves again
  CHECK_FALSE(b.line.is_turn(at(5ms)));
}

TEST_CASE("without room nobody is passed over, and a room that was used up is another one") {
  Ledger ledger = make_ledger();
  Desk slow(ledger, 0), b(ledger, 1);
  slow.line.set_first(at(0ms));
  b.line.set_first(at(5ms));
  for (Nanos t = 10ms; t < 10s; t += 10ms) b.line.look(false, at(t));
  b.line.look(true, at(10s));
  b.line.look(false, at(10s + 60ms));
  b.line.look(true, at(10s + 70ms));
  b.line.look(true, at(10s + 130ms));
  CHECK_FALSE(b.line.is_turn(at(5ms)));
}

TEST_CASE("several in a row that do not come are passed over one after the other") {
  Ledger ledger = make_ledger();
  Desk one(ledger, 0), two(ledger, 1), b(ledger, 2);
  one.line.set_first(at(0ms));
  two.line.set_first(at(1ms));
  b.line.set_first(at(5ms));
  for (Nanos t = 10ms; t <= 110ms; t += 10ms) b.line.look(true, at(t));
  CHECK_FALSE(b.line.is_turn(at(5ms)));
  for (Nanos t = 120ms; t <= 220ms; t += 10ms) b.line.look(true, at(t));
  CHECK(b.line.is_turn(at(5ms)));
}

TEST_CASE("who waited in a worker that died is before nobody") {
  Ledger ledger = make_ledger();
  Desk dead(ledger, 0, kAcceptLine), b(ledger, 1, kAcceptLine);
  dead.line.set_first(at(0ms));
  CHECK_FALSE(b.line.is_turn(at(5ms)));
  ledger.reclaim(0, at(6ms));
  CHECK(b.line.is_turn(at(5ms)));
  dead.line.set_first(at(1ms));  // its last store, of before
  WaitingLine successor(ledger, kAcceptLine, 0);
  CHECK(b.line.is_turn(at(5ms)));
}

// Two threads stand for two workers: one begins to wait and looks for room, one makes room and looks for
// somebody who waits. Whatever comes first, one of the two sees the other.
TEST_CASE("room that is made while somebody begins to wait is seen by one of the two") {
  Ledger ledger = make_ledger();
  for (int round = 0; round < 300; ++round) {
    Desk waits(ledger, 0), makes(ledger, 1);
    std::atomic<int> room = 0, ready = 0;
    bool found = false, told = false;
    const auto meet = [&] {
      ready.fetch_add(1);
      while (ready.load() < 2) {
      }
    };
    std::thread other([&] {
      meet();
      room.store(1, std::memory_order_relaxed);
      makes.line.sign();
      told = makes.line.next().has_value();
    });
    meet();
    waits.line.set_first(at(1ms));
    found = room.load(std::memory_order_relaxed) == 1;
    other.join();
    REQUIRE((found || told));
  }
}
