#include "lb/control/latency_window.h"

#include <algorithm>
#include <utility>

namespace finishline::control {
namespace {

using ledger::LatencyHistogram;

const LatencyHistogram kNothing;

const RequestLatencies& earlier_of(const PoolSnapshot* pool, std::size_t type) {
  static const RequestLatencies kNone;
  return pool != nullptr && type < pool->latencies.size() ? pool->latencies[type] : kNone;
}

/// Of all pools: by type, and over all.
struct Sums {
  std::vector<LatencyHistogram> types;
  LatencyHistogram all, waiting;
};

}  // namespace

Quantiles quantiles_of(const LatencyHistogram& histogram) {
  const auto seconds = [&](double part) -> std::optional<double> {
    const auto value = histogram.quantile(part);
    if (!value) return std::nullopt;
    return std::chrono::duration<double>(*value).count();
  };
  return {seconds(0.5), seconds(0.95), seconds(0.99), static_cast<std::int64_t>(histogram.count())};
}

const PoolSnapshot* LatencyWindow::pool_named(const Look& look, const std::string& name) {
  const auto found = std::ranges::find(look.pools, name, &PoolSnapshot::name);
  return found == look.pools.end() ? nullptr : &*found;
}

/// Its row may have been another server's.
const LatencyHistogram& LatencyWindow::response_of(const Look& look, const ServerSnapshot& server) {
  const bool same = server.id < look.responses.size() && look.responses[server.id].server == server.name;
  return same ? look.responses[server.id].histogram : kNothing;
}

void LatencyWindow::fill(Overview& overview, const Snapshot& now, const Inventory& inventory) {
  if (std::exchange(types_, inventory.request_types) != inventory.request_types) looks_.clear();
  if (looks_.empty()) return keep(now);  // what was counted before we looked is of no known time
  const Look& before = looks_.front();
  Sums sums;
  sums.types.resize(inventory.request_types.size());
  for (std::size_t i = 0; i < overview.pools.size() && i < now.pools.size(); ++i) {
    const PoolSnapshot* const then = pool_named(before, now.pools[i].name);
    LatencyHistogram pool;
    for (std::size_t type = 0; type < now.pools[i].latencies.size() && type < sums.types.size(); ++type) {
      const RequestLatencies& earlier = earlier_of(then, type);
      const LatencyHistogram fresh = now.pools[i].latencies[type].request.since(earlier.request);
      pool.merge(fresh);
      sums.types[type].merge(fresh);
      sums.waiting.merge(now.pools[i].latencies[type].waiting.since(earlier.waiting));
    }
    sums.all.merge(pool);
    if (now.pools[i].streams) pool = now.pools[i].stream.since(then != nullptr ? then->stream : kNothing);
    overview.pools[i].latency = quantiles_of(pool);
  }
  for (std::size_t type = 0; type < overview.types.size() && type < sums.types.size(); ++type)
    overview.types[type].latency = quantiles_of(sums.types[type]);
  for (ServerView& server : overview.servers)
    server.latency = quantiles_of(server.snapshot->response.since(response_of(before, *server.snapshot)));
  overview.latency = quantiles_of(sums.all);
  overview.waiting = quantiles_of(sums.waiting);
  keep(now);
}

/// Looks are half a window apart: three of them are enough.
void LatencyWindow::keep(const Snapshot& now) {
  while (looks_.size() > 1 && now.taken_at - looks_[1].at >= window_) looks_.pop_front();
  if (!looks_.empty() && now.taken_at - looks_.back().at < window_ / 2) return;
  Look look{.at = now.taken_at, .pools = now.pools, .responses = {}};
  for (const ServerSnapshot& server : now.servers) look.responses.push_back({server.name, server.response});
  looks_.push_back(std::move(look));
}

}  // namespace finishline::control
