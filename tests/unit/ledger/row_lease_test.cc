#include "lb/ledger/row_lease.h"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <string>

#include "lb/ledger/metrics.h"
#include "lb/ledger/nodes.h"
#include "lb/ledger/worker_status.h"

using namespace finishline;
using namespace finishline::ledger;

namespace {

constexpr Instant kNow{std::chrono::hours(1)};

/// Room for one server, which a worker knows.
struct Stage {
  Stage() { acquire_rows(ledger, 0, std::array{old}); }
  void remove_old() { ledger.set_state(old, ServerState::absent); }

  Ledger ledger = std::get<Ledger>(Ledger::create({2, 1}));
  ServerId old = *ledger.ensure_server("old", 3);
  WorkerBooks books{ledger, 0};
};

}  // namespace

TEST_CASE("a row is free when its server is absent and no worker holds it") {
  Stage stage;
  CHECK(is_leased(stage.ledger, stage.old));
  stage.remove_old();
  CHECK_FALSE(is_free(stage.ledger, stage.old));
  CHECK_FALSE(stage.ledger.ensure_server("new", 1));
  stage.books.release_row(stage.old);
  CHECK(is_free(stage.ledger, stage.old));
  CHECK(stage.ledger.ensure_server("new", 1) == stage.old);
  CHECK_FALSE(is_free(stage.ledger, stage.old));
}

TEST_CASE("a row is held until the last worker has let it go") {
  Stage stage;
  WorkerBooks other(stage.ledger, 1);
  other.acquire_row(stage.old);
  stage.remove_old();
  stage.books.release_row(stage.old);
  CHECK_FALSE(stage.ledger.ensure_server("new", 1));
  other.release_row(stage.old);
  CHECK(stage.ledger.ensure_server("new", 1));
}

TEST_CASE("what a dead worker held is let go when its books are closed") {
  Stage stage;
  stage.books.reserve(stage.old, 5ms, kNow);
  stage.remove_old();
  CHECK(stage.books.owes(stage.old));
  CHECK_FALSE(stage.ledger.ensure_server("new", 1));
  stage.ledger.reclaim(0, kNow);
  CHECK(stage.ledger.ensure_server("new", 1));
}

TEST_CASE("the next server of a row begins with nothing of the last one's") {
  Stage stage;
  Ledger& ledger = stage.ledger;
  const ServerId row = stage.old;
  WorkerMetrics metrics(ledger, 0);
  metrics.add(row, ServerCell::sent, 7);
  metrics.served(row, 0);
  metrics.failed(row, proto::Status::server_lost);
  stage.books.release(stage.books.reserve(row, 5ms, kNow), kNow);
  ledger.set_health(row, sched::Health::ejected);
  ledger.set_admin(row, AdminState::drain);
  tell_admin(ledger, row, AdminState::drain);
  ledger.set_share(row, 0.5);
  ledger.allow_trial(row);
  ledger.count_ejection(row);
  ledger.count_check_failure(row);
  ledger.set_health_notes(row,
                          {.checks_in_a_row = 2, .failed_in_a_row = 3, .doublings = 4, .open_until = kNow});
  stage.remove_old();
  stage.books.release_row(row);

  REQUIRE(ledger.ensure_server("a-new-one", 2) == row);
  CHECK(ledger.server_name(row) == "a-new-one");
  CHECK(ledger.server_count() == 1);
  CHECK_FALSE(ledger.find_server("old"));
  CHECK(ledger.state(row) == ServerState::up);
  CHECK(ledger.health(row) == sched::Health::up);
  CHECK(ledger.admin(row) == AdminState::ready);
  CHECK_FALSE(take_told_admin(ledger, row));
  CHECK(ledger.share(row) < 0.01);
  CHECK(ledger.trial_taken(row));
  CHECK(ledger.ejections(row) == 0);
  CHECK(ledger.check_failures(row) == 0);
  CHECK(ledger.health_notes(row) == sched::HealthNotes{});
  CHECK(ledger.finish_word(row) == kIdle);
  const MetricsReader reader(ledger);
  CHECK(reader.total(row, ServerCell::sent) == 0);
  CHECK(reader.served(row, 0) == 0);
  CHECK(reader.failed(row, proto::Status::server_lost) == 0);
}

TEST_CASE("a name is no longer than its row, whatever a broken worker has written there") {
  Stage stage;
  stage.ledger.layout().server(stage.old).name_bytes.store(1U << 30, std::memory_order_relaxed);
  CHECK(stage.ledger.server_name(stage.old).size() == stage.ledger.layout().server(stage.old).name.size());
}

TEST_CASE("rows that were never used come before those of removed servers, whose counters stay to be seen") {
  Ledger ledger = std::get<Ledger>(Ledger::create({1, 2}));
  const ServerId first = *ledger.ensure_server("first", 1);
  ledger.set_state(first, ServerState::absent);
  CHECK(ledger.ensure_server("second", 1) != first);
  CHECK(ledger.ensure_server("third", 1) == first);
}
