#include "lb/control/alive_page.h"

#include <string>

#include "lb/ledger/worker_status.h"
#include "lb/process/heartbeat.h"
#include "proto/quantity.h"

namespace finishline::control {

http::HttpReply liveness_page(const ledger::Ledger& ledger, Instant now) {
  std::string why;
  for (ledger::WorkerId worker = 0; worker < worker_limit(ledger); ++worker) {
    const ledger::WorkerStatus status = worker_status(ledger, worker);
    if (status.state != ledger::WorkerState::running) continue;
    const Nanos silent = now - status.heartbeat_at;
    if (silent <= process::kStale) return {200, "text/plain", "ok\n"};
    why += "worker " + std::to_string(worker) + " has not turned its loop for " + human(silent) + "\n";
  }
  return {503, "text/plain", why.empty() ? "no worker is running\n" : why};
}

http::HttpReply readiness_page(const ledger::Ledger& ledger, const Overview& overview, Instant now) {
  http::HttpReply alive = liveness_page(ledger, now);
  if (alive.status != 200) return alive;
  for (const PoolOverview& pool : overview.pools)
    if (!pool.imbalance)
      return {503, "text/plain", "no server of pool " + pool.snapshot->name + " takes work\n"};
  return alive;
}

}  // namespace finishline::control
