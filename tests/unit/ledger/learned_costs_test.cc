#include "lb/ledger/learned_costs.h"

#include <doctest/doctest.h>

#include <variant>

#include "lb/ledger/row_lease.h"
#include "lb/ledger/worker_status.h"

using namespace finishline;
using namespace finishline::ledger;

namespace {

struct Rows {
  Ledger ledger = std::get<Ledger>(Ledger::create({4, 8}));
  ServerId server = *ledger.ensure_server("video-1", 1);
  WorkerBooks books0{ledger, 0}, books1{ledger, 1};
  CostNotes first{ledger, 0}, second{ledger, 1};
};

}  // namespace

TEST_CASE("what replies say adds up over workers, by server and type") {
  Rows rows;
  rows.first.note(rows.server, 2, 2.0);
  rows.first.note(rows.server, 2, 0.5);
  rows.second.note(rows.server, 2, 8.0);
  rows.second.note(rows.server, 3, 4.0);
  const CostEvidence evidence = cost_evidence(rows.ledger, rows.server, 2);
  CHECK(evidence.n == 3);
  CHECK(evidence.sum == doctest::Approx(3));
  CHECK(evidence.squares == doctest::Approx(11));
  CHECK(cost_evidence(rows.ledger, rows.server, 3).n == 1);
  CHECK(cost_evidence(rows.ledger, rows.server, 1).n == 0);
}

TEST_CASE("a reply that is far off counts as sixteen times") {
  Rows rows;
  rows.first.note(rows.server, 0, 1e9);
  CHECK(cost_evidence(rows.ledger, rows.server, 0).sum == doctest::Approx(4));
  rows.first.note(rows.server, 0, 1e-9);
  CHECK(cost_evidence(rows.ledger, rows.server, 0).sum == doctest::Approx(0));
  CHECK(cost_evidence(rows.ledger, rows.server, 0).squares == doctest::Approx(32));
}

TEST_CASE("what a dead worker has noted stays, and its successor goes on with it") {
  Rows rows;
  rows.first.note(rows.server, 0, 2.0);
  rows.first.note_way(rows.server, 3ms);
  rows.ledger.reclaim(0, Instant(1s));
  CostNotes successor(rows.ledger, 0);
  successor.note(rows.server, 0, 2.0);
  successor.note_way(rows.server, 2ms);
  CHECK(cost_evidence(rows.ledger, rows.server, 0).n == 2);
  CHECK(cost_evidence(rows.ledger, rows.server, 0).sum == doctest::Approx(2));
  CHECK(ways_to(rows.ledger, rows.server) == 5ms);
}

TEST_CASE("what was learned is read as it was written, and announced to those who look") {
  Rows rows;
  const PoolId pool = *ensure_pool(rows.ledger, "media");
  const PoolOrders orders(rows.ledger, pool);
  CHECK(orders.costs() == 0);
  CHECK(learned_cost(rows.ledger, rows.server, 1).learned == 0);
  write_learned_cost(rows.ledger, rows.server, 1,
                     {.declared = 1e6, .learned = 3e6, .sd = 0.1, .samples = 12, .updated_at = Instant(7s)});
  announce_costs(rows.ledger, pool);
  CHECK(orders.costs() == 1);
  CHECK(cost_revision(rows.ledger, pool) == 1);
  const LearnedCost cost = learned_cost(rows.ledger, rows.server, 1);
  CHECK(cost.ratio() == doctest::Approx(3));
  CHECK(cost.sd == 0.1);
  CHECK(cost.samples == 12);
  CHECK(cost.updated_at == Instant(7s));
  CHECK_FALSE(cost.doubted);
}

TEST_CASE("a row that is let anew knows nothing of the server before") {
  Ledger ledger = std::get<Ledger>(Ledger::create({2, 1}));
  const ServerId old = *ledger.ensure_server("video-1", 1);
  WorkerBooks books(ledger, 0);
  CostNotes notes(ledger, 0);
  notes.note(old, 0, 2.0);
  notes.note_way(old, 1ms);
  write_learned_cost(ledger, old, 0, {.declared = 1, .learned = 2, .samples = 5});
  ledger.set_state(old, ServerState::absent);
  REQUIRE(allocate_row(ledger, "video-2") == old);
  CHECK(cost_evidence(ledger, old, 0).n == 0);
  CHECK(ways_to(ledger, old) == 0ns);
  CHECK(learned_cost(ledger, old, 0).samples == 0);
  CHECK(learned_cost(ledger, old, 0).learned == 0);
}
