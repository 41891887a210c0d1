#include "lb/ledger/control_status.h"

#include <doctest/doctest.h>

#include "lb/ledger/metrics.h"

using namespace finishline;
using namespace finishline::ledger;

TEST_CASE("a control process that starts works by no configuration until it says so, and its heart beats") {
  Ledger ledger = std::get<Ledger>(Ledger::create({1, 1}));
  const Instant now{3600s};
  CHECK(control_status(ledger).heartbeat_at == Instant());
  confirm_control_revision(ledger, 7);
  control_starting(ledger, now);
  CHECK(control_status(ledger).revision == 0);
  CHECK(control_status(ledger).heartbeat_at == now);
  confirm_control_revision(ledger, 8);
  beat_control(ledger, now + 1s);
  CHECK(control_status(ledger).revision == 8);
  CHECK(control_status(ledger).heartbeat_at == now + 1s);
}

TEST_CASE("lines that were lost and children that stood still are counted for the whole proxy") {
  Ledger ledger = std::get<Ledger>(Ledger::create({1, 1}));
  count_lost_lines(ledger, 0);
  count_lost_lines(ledger, 3);
  count_lost_lines(ledger, 4);
  count_stalled(ledger);
  CHECK(lost_lines(ledger) == 7);
  CHECK(stalled(ledger) == 1);
}
