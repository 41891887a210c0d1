// Calls between workers: "look at what waits in you, a server has room for it" (late_binding.h). Worker
// process.
#pragma once

#include "lb/ledger/demand.h"
#include "lb/ledger/metrics.h"
#include "lb/process/doorbell.h"
#include "lb/worker/late_binding.h"

namespace finishline::worker {

class WorkerCalls final : public WorkerCaller {
 public:
  /// Both outlive it.
  WorkerCalls(ledger::Ledger& ledger, ledger::WorkerId self, const process::Doorbells& bells)
      : calls_(ledger, self), metrics_(ledger, self), bells_(bells) {}

  void call(ledger::WorkerId worker) override {
    metrics_.add(ledger::WorkerCell::worker_calls);
    if (!calls_.call(worker)) return;
    metrics_.add(ledger::WorkerCell::worker_wake_ups);
    bells_.ring(worker);
  }
  /// Whether this worker has been called since the last time.
  bool taken() { return calls_.take(); }

 private:
  ledger::Calls calls_;
  ledger::WorkerMetrics metrics_;
  const process::Doorbells& bells_;
};

}  // namespace finishline::worker
