#include "lb/ledger/control_status.h"

#include "lb/ledger/layout.h"

namespace finishline::ledger {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

}  // namespace

ControlStatus control_status(const Ledger& ledger) {
  const ControlRow& row = ledger.layout().control;
  return {Instant(Nanos(row.heartbeat_at.load(kRelaxed))), row.revision.load(std::memory_order_acquire)};
}

void control_starting(Ledger& ledger, Instant now) {
  ledger.layout().control.revision.store(0, kRelaxed);
  beat_control(ledger, now);
}

void beat_control(Ledger& ledger, Instant now) {
  ledger.layout().control.heartbeat_at.store(now.time_since_epoch().count(), kRelaxed);
}

void confirm_control_revision(Ledger& ledger, std::uint32_t revision) {
  // Behind all that it has written in rows that it has let go of.
  ledger.layout().control.revision.store(revision, std::memory_order_release);
}

}  // namespace finishline::ledger
