// What the master and everybody else know of each worker: pid, state, starts, heartbeat. The words are the
// same in log, metrics and /stats.
#pragma once

#include <cstdint>
#include <string_view>

#include "lb/ledger/ledger.h"

namespace finishline::ledger {

/// none -> starting (master, before the fork) -> running -> draining (worker) -> dead (master, when reaped),
/// or none again where a worker of an earlier configuration has drained for good.
enum class WorkerState : std::uint8_t { none, starting, running, draining, dead };
std::string_view name_of(WorkerState state);

struct WorkerStatus {
  WorkerState state = WorkerState::none;
  std::int32_t pid = 0;      // of the last process that had this id
  std::uint32_t starts = 0;  // forks so far: also of those that followed one that was told to end
  std::uint32_t deaths = 0;  // of those, ended without being told to
  Instant started_at{};
  Instant heartbeat_at{};      // when the worker's loop last turned
  std::uint32_t revision = 0;  // of the configuration that it works by (revision.h); 0: of none yet
};

/// Any process. Precondition for all: worker < sizes().max_workers.
WorkerStatus worker_status(const Ledger& ledger, WorkerId worker);
/// Workers ever seen have ids below this.
std::uint32_t worker_limit(const Ledger& ledger);

/// Makes readers sum the rows of this worker. Done by WorkerBooks, WorkerMetrics and worker_starting.
void note_worker(Ledger& ledger, WorkerId worker);

/// Master, right before the fork: starting, one start more.
void worker_starting(Ledger& ledger, WorkerId worker, Instant now);
/// Master, right after the fork. The state is not touched: the child may be faster and run already.
void worker_forked(Ledger& ledger, WorkerId worker, std::int32_t pid);
/// The worker: running, draining. Master, when it has reaped the worker: dead.
void enter(Ledger& ledger, WorkerId worker, WorkerState state);
/// Master, when it has reaped a worker that nobody had told to end.
void worker_died(Ledger& ledger, WorkerId worker);
/// The worker, several times a second (lb/process/heartbeat.h).
void beat(Ledger& ledger, WorkerId worker, Instant now);

}  // namespace finishline::ledger
