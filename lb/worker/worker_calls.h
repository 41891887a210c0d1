// Calls between workers: "look at what waits in you, a server has room for it" (late_binding.h). Worker
// process.
#pragma once

#include <utility>

#include "lb/ledger/demand.h"
#include "lb/ledger/metrics.h"
#include "lb/ledger/nodes.h"
#include "lb/process/doorbell.h"
#include "lb/worker/late_binding.h"

namespace finishline::worker {

class WorkerCalls final : public WorkerCaller {
 public:
  /// Both outlive it.
  WorkerCalls(ledger::Ledger& ledger, ledger::WorkerId self, const process::Doorbells& bells)
      : calls_(ledger, self),
        sleep_(ledger),
        metrics_(ledger, self),
        workers_(ledger.sizes().max_workers),
        bells_(bells) {}

  /// Another proxy sees by itself, from the books, that a server has room.
  void call(ledger::WorkerId worker) override {
    if (worker >= workers_) return;
    metrics_.add(ledger::WorkerCell::worker_calls);
    if (!calls_.call(worker)) return;
    metrics_.add(ledger::WorkerCell::worker_wake_ups);
    bells_.ring(worker);
  }
  void tell_peer_of_call() override { ++proxy_calls_; }
  /// Other proxies are to hear of the books, once `changes` is another number than before.
  void tell_peer(std::uint64_t changes) {
    changes += proxy_calls_;
    if (std::exchange(told_, changes) != changes && sleep_.wake()) bells_.ring(workers_);
  }
  /// Whether this worker has been called since the last time.
  bool taken() { return calls_.take(); }

 private:
  ledger::Calls calls_;
  ledger::PeerSleep sleep_;
  std::uint64_t told_ = 0;
  std::uint64_t proxy_calls_ = 0;
  ledger::WorkerMetrics metrics_;
  const ledger::WorkerId workers_;
  const process::Doorbells& bells_;
};

}  // namespace finishline::worker
