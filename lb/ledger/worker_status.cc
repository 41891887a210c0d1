#include "lb/ledger/worker_status.h"

#include <array>

#include "lb/ledger/layout.h"

namespace finishline::ledger {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr std::array<std::string_view, 5> kStateNames{"none", "starting", "running", "draining", "dead"};

Instant instant(std::int64_t ns) { return Instant(Nanos(ns)); }

}  // namespace

std::string_view name_of(WorkerState state) { return kStateNames[static_cast<std::size_t>(state)]; }

// Relaxed throughout: each field stands alone, and master and worker never write the same one at once.
WorkerStatus worker_status(const Ledger& ledger, WorkerId worker) {
  const WorkerRow& row = ledger.layout().worker(worker);
  return {static_cast<WorkerState>(row.state.load(kRelaxed)),
          row.pid.load(kRelaxed),
          row.starts.load(kRelaxed),
          row.deaths.load(kRelaxed),
          instant(row.started_at.load(kRelaxed)),
          instant(row.heartbeat_at.load(kRelaxed)),
          row.revision.load(std::memory_order_acquire)};
}

std::uint32_t worker_limit(const Ledger& ledger) {
  return ledger.layout().worker_limit.load(std::memory_order_acquire);
}

void note_worker(Ledger& ledger, WorkerId worker) {
  auto& limit = ledger.layout().worker_limit;
  std::uint32_t seen = limit.load(std::memory_order_acquire);
  while (seen <= worker && !limit.compare_exchange(seen, worker + 1)) {
  }
}

void worker_starting(Ledger& ledger, WorkerId worker, Instant now) {
  note_worker(ledger, worker);
  WorkerRow& row = ledger.layout().worker(worker);
  row.starts.add(1);
  row.revision.store(0, kRelaxed);
  row.started_at.store(now.time_since_epoch().count(), kRelaxed);
  row.heartbeat_at.store(now.time_since_epoch().count(), kRelaxed);
  enter(ledger, worker, WorkerState::starting);
}

void worker_forked(Ledger& ledger, WorkerId worker, std::int32_t pid) {
  ledger.layout().worker(worker).pid.store(pid, kRelaxed);
}

void enter(Ledger& ledger, WorkerId worker, WorkerState state) {
  ledger.layout().worker(worker).state.store(static_cast<std::uint8_t>(state), kRelaxed);
}

void worker_died(Ledger& ledger, WorkerId worker) { ledger.layout().worker(worker).deaths.add(1); }

void beat(Ledger& ledger, WorkerId worker, Instant now) {
  ledger.layout().worker(worker).heartbeat_at.store(now.time_since_epoch().count(), kRelaxed);
}

}  // namespace finishline::ledger
