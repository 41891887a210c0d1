#include "lb/control/samples.h"

#include <algorithm>

namespace finishline::control {
namespace {

void add_known(history::SeriesSample& to, std::string name, const std::optional<double>& value) {
  if (value) to.add(std::move(name), *value);
}

void add(history::SeriesSample& to, const std::string& prefix, const Quantiles& it) {
  add_known(to, prefix + "p50", it.p50);
  add_known(to, prefix + "p95", it.p95);
  add_known(to, prefix + "p99", it.p99);
}

/// Of the pool that is worst.
void add_worst(history::SeriesSample& to, const char* name, const std::vector<PoolOverview>& pools,
               std::optional<double> PoolPerformance::*value) {
  std::optional<double> worst;
  for (const PoolOverview& pool : pools)
    if (const auto& known = pool.snapshot->performance) worst = std::max(worst, *known.*value);
  add_known(to, name, worst);
}

void add(history::SeriesSample& to, const PoolOverview& pool) {
  const std::string prefix = "pool." + pool.snapshot->name + ".";
  to.add(prefix + "rate", pool.rate);
  to.add(prefix + "errors", pool.errors);
  to.add(prefix + "waiting", static_cast<double>(pool.waiting));
  if (pool.imbalance) to.add(prefix + "imbalance", pool.imbalance->spread());
  if (const auto& known = pool.snapshot->performance) {
    add_known(to, prefix + "ratio", known->busy);
    add_known(to, prefix + "idle", known->idle_share);
  }
  add(to, prefix, pool.latency);
}

void add(history::SeriesSample& to, const ServerView& server) {
  const std::string prefix = "server." + server.snapshot->name + ".";
  to.add(prefix + "rate", server.rate);
  to.add(prefix + "errors", server.errors);
  to.add(prefix + "finish", server.finish);
  add_known(to, prefix + "busy", server.busy);
  if (const auto& vitals = server.snapshot->vitals) {
    to.add(prefix + "cpu", vitals->cpu_percent / 100);
    to.add(prefix + "memory", static_cast<double>(vitals->memory_bytes));
  }
  add(to, prefix, server.latency);
}

}  // namespace

history::SeriesSample sample_of(const Overview& overview, const Snapshot& snapshot) {
  history::SeriesSample sample{.time = static_cast<std::int64_t>(overview.time)};
  sample.add("requests", overview.request_rate);
  sample.add("errors", overview.error_rate);
  sample.add("connections", static_cast<double>(overview.connections_open));
  sample.add("waiting", static_cast<double>(overview.requests_waiting));
  add(sample, "latency.", overview.latency);
  add(sample, "waiting.", overview.waiting);
  for (const TypeView& type : overview.types) {
    sample.add("type." + type.name + ".rate", type.rate);
    add(sample, "type." + type.name + ".", type.latency);
  }
  for (const PoolOverview& pool : overview.pools) add(sample, pool);
  add_worst(sample, "ratio", overview.pools, &PoolPerformance::busy);
  add_worst(sample, "idle", overview.pools, &PoolPerformance::idle_share);
  for (const ServerView& server : overview.servers) add(sample, server);
  for (const ProcessSnapshot& process : snapshot.processes) {
    sample.add("process." + process.name + ".cpu", process.cpu_ratio);
    sample.add("process." + process.name + ".memory", static_cast<double>(process.usage.resident_bytes));
  }
  return sample;
}

}  // namespace finishline::control
