#include "lb/control/alive_page.h"

#include <algorithm>
#include <string>
#include <utility>

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

namespace {

bool is_led_to(const std::string& pool, const Inventory& inventory) {
  return std::ranges::any_of(inventory.listeners, [&pool](const ListenerFacts& listener) {
    return std::ranges::find(listener.pools, pool) != listener.pools.end();
  });
}

/// Why nothing of what comes to the pool would be done; "" where it would.
std::string unready(const PoolFacts& pool, const Overview& overview) {
  std::size_t servers = 0, untried = 0;
  for (const ServerView& server : overview.servers) {
    if (server.pool != pool.name) continue;
    ++servers;
    if (!takes_work(server.snapshot->state)) continue;
    if (!server.snapshot->untried) return "";
    ++untried;
  }
  if (servers == 0 && pool.least == 0) return "";
  if (servers == 0) return "no server of pool " + pool.name + " has been started yet\n";
  if (untried == 0) return "no server of pool " + pool.name + " takes work\n";
  return "no server of pool " + pool.name +
         " has been reached yet: no worker has a link, no check has passed\n";
}

}  // namespace

http::HttpReply readiness_page(const ledger::Ledger& ledger, const Overview& overview,
                               const Inventory& inventory, Instant now) {
  http::HttpReply alive = liveness_page(ledger, now);
  if (alive.status != 200) return alive;
  if (overview.tick == 0) return {503, "text/plain", "nobody has looked at the servers yet\n"};
  for (const PoolFacts& pool : inventory.pools) {
    if (!is_led_to(pool.name, inventory)) continue;
    if (std::string why = unready(pool, overview); !why.empty()) return {503, "text/plain", std::move(why)};
  }
  return alive;
}

}  // namespace finishline::control
