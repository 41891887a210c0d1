#include "lb/control/samples.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "lb/control/predictor.h"

namespace finishline::control {
namespace {

void add_known(history::SeriesSample& to, std::string name, const std::optional<double>& value) {
  if (value) to.add(std::move(name), *value);
}

/// Of the pool that is worst.
void add_worst(history::SeriesSample& to, const char* name, const std::vector<PoolOverview>& pools,
               std::optional<double> PoolPerformance::*value) {
  std::optional<double> worst;
  for (const PoolOverview& pool : pools)
    if (const auto& known = pool.snapshot->performance) worst = std::max(worst, *known.*value);
  add_known(to, name, worst);
}

void add(history::SeriesSample& to, const PoolOverview& pool, const std::vector<TypeView>& types) {
  const std::string prefix = "pool." + pool.snapshot->name + ".";
  to.add(prefix + "rate", pool.rate);
  to.add(prefix + "errors", pool.errors);
  to.add(prefix + "waiting", static_cast<double>(pool.waiting));
  for (std::size_t type = 0; type < pool.work.size() && type < types.size(); ++type)
    to.add(work_series(pool.snapshot->name, types[type].name), pool.work[type]);
  if (pool.imbalance) to.add(prefix + "imbalance", pool.imbalance->spread());
  if (const auto& known = pool.snapshot->performance) {
    add_known(to, prefix + "ratio", known->busy);
    add_known(to, prefix + "idle", known->idle_share);
  }
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
}

void add(history::SeriesSample& to, const ListenerView& listener) {
  if (!listener.totals) return;
  const std::string prefix = "listener." + listener.facts->name + ".";
  to.add(prefix + "open", static_cast<double>(listener.totals->open));
  to.add(prefix + "rate", listener.rate);
  to.add(prefix + "refused", listener.refused);
  to.add(prefix + "requests", listener.requests);
}

void add(history::SeriesSample& to, const ProtocolView& protocol) {
  const std::string prefix = "protocol." + protocol.name + ".";
  to.add(prefix + "rate", protocol.connections);
  to.add(prefix + "requests", protocol.requests);
  to.add(prefix + "bytes", protocol.bytes_in + protocol.bytes_out);
}

using ledger::LatencyHistogram;

/// What came since, by the name of its series.
class FreshHistograms {
 public:
  void add(const std::string& name, const LatencyHistogram& now, const LatencyHistogram& before) {
    if (now.count() != before.count()) sums_[name].merge(now.since(before));
  }
  void move_to(history::SeriesSample& sample) {
    for (const auto& [name, sum] : sums_) sample.histograms.emplace_back(name, history::counts_of(sum));
  }

 private:
  std::map<std::string, LatencyHistogram> sums_;
};

void add_pool(FreshHistograms& to, const PoolSnapshot& now, const PoolSnapshot& before, const Snapshot& all) {
  static const RequestLatencies kNone;
  const std::string pool = "pool." + now.name;
  if (now.streams) return to.add(pool, now.stream, before.stream);
  for (std::size_t type = 0; type < now.latencies.size() && type < all.request_types.size(); ++type) {
    const RequestLatencies& it = now.latencies[type];
    const RequestLatencies& earlier = type < before.latencies.size() ? before.latencies[type] : kNone;
    for (const std::string& name : {std::string("latency"), "type." + all.request_types[type], pool,
                                    pool + ".type." + all.request_types[type]})
      to.add(name, it.request, earlier.request);
    to.add("waiting", it.waiting, earlier.waiting);
  }
}

void add_histograms(history::SeriesSample& to, const Snapshot& now, const Snapshot& before) {
  static const PoolSnapshot kNoPool;
  static const LatencyHistogram kNoHistogram;
  FreshHistograms fresh;
  for (std::size_t i = 0; i < now.pools.size(); ++i) {
    const bool same = i < before.pools.size() && before.pools[i].name == now.pools[i].name;
    add_pool(fresh, now.pools[i], same ? before.pools[i] : kNoPool, now);
  }
  for (const ServerSnapshot& server : now.servers) {
    const bool same = server.id < before.servers.size() && before.servers[server.id].name == server.name;
    if (!server.name.empty())
      fresh.add("server." + server.name, server.response,
                same ? before.servers[server.id].response : kNoHistogram);
  }
  fresh.move_to(to);
}

}  // namespace

std::optional<double> past_rate_of(const history::Timeline& timeline, const Inventory& inventory,
                                   std::int64_t from, std::int64_t to) {
  const auto mean = [&](const std::string& series) -> std::optional<double> {
    const history::Points points = timeline.read(series, timeline.plan(from, to, to - from));
    if (points.values.empty() || std::isnan(points.values.front())) return std::nullopt;
    return points.values.front();
  };
  std::optional<double> rate = mean("requests");
  if (!rate) return rate;
  for (const PoolFacts& pool : inventory.pools)
    if (pool.streams) *rate += mean("pool." + pool.name + ".rate").value_or(0);
  return rate;
}

history::SeriesSample sample_of(const Overview& overview, const Snapshot& snapshot, const Snapshot& before) {
  history::SeriesSample sample{.time = static_cast<std::int64_t>(overview.time)};
  sample.add("requests", overview.request_rate);
  sample.add("errors", overview.error_rate);
  sample.add("connections", static_cast<double>(overview.connections_open));
  sample.add("waiting", static_cast<double>(overview.requests_waiting));
  for (const TypeView& type : overview.types) sample.add("type." + type.name + ".rate", type.rate);
  for (const ListenerView& listener : overview.listeners) add(sample, listener);
  for (const ProtocolView& protocol : overview.protocols) add(sample, protocol);
  for (const PoolOverview& pool : overview.pools) add(sample, pool, overview.types);
  add_worst(sample, "ratio", overview.pools, &PoolPerformance::busy);
  add_worst(sample, "idle", overview.pools, &PoolPerformance::idle_share);
  for (const ServerView& server : overview.servers) add(sample, server);
  add_histograms(sample, snapshot, before);
  for (const ProcessSnapshot& process : snapshot.processes) {
    sample.add("process." + process.name + ".cpu", process.cpu_ratio);
    sample.add("process." + process.name + ".memory", static_cast<double>(process.usage.resident_bytes));
  }
  return sample;
}

}  // namespace finishline::control
