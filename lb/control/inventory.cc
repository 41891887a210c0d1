#include "lb/control/inventory.h"

#include <algorithm>

#include "lb/sched/policies.h"
#include "lb/sim/series.h"

namespace finishline::control {
namespace {

const PoolFacts* named(const std::vector<PoolFacts>& pools, std::string_view name) {
  const auto found = std::ranges::find(pools, name, &PoolFacts::name);
  return found == pools.end() ? nullptr : &*found;
}

ServerFacts facts_of(const config::Server& server) {
  return {.pool = server.pool,
          .weight = server.weight,
          .speed = server.speed,
          .slots = server.slots,
          .type = server.type_index};
}

std::size_t lanes_of(const config::Config& config, const config::Pool& pool) {
  return std::ranges::any_of(config.servers,
                             [&](const config::Server& server) {
                               return server.pool == pool.name && server.protocol == config::Mode::mini;
                             })
             ? 2
             : 1;
}

std::string makespan_as(const config::Pool& pool) {
  return pool.binding == config::WhenBound::early ? sim::row_name(*sched::find_policy("makespan"))
                                                  : sim::row_name(pool.order);
}

/// Servers that scaling keeps running, whatever the work.
std::size_t least_of(const config::Pool& pool) {
  std::size_t least = 0;
  for (const config::ScaledServers& it : pool.scale.servers) least += it.min;
  return pool.scale.rehearse ? 0 : least;
}

std::vector<std::string> pools_behind(const config::Listener& listener) {
  std::vector<std::string> pools{listener.pool};
  for (const auto& [name, pool] : listener.sni)
    if (std::ranges::find(pools, pool) == pools.end()) pools.push_back(pool);
  return pools;
}

}  // namespace

const ServerFacts& Inventory::server(ledger::ServerId id) const {
  static const ServerFacts kNone;
  return id < servers.size() ? servers[id] : kNone;
}

const PoolFacts* Inventory::pool(std::string_view name) const { return named(pools, name); }

Inventory inventory_of(const Configured& it) {
  const config::Config& config = it.config;
  Inventory all;
  all.cost = config.cost;
  all.server_types = config.cost.server_types();
  for (const RequestTypeSpec& type : config.cost.request_types()) all.request_types.push_back(type.name);
  for (const config::Listener& listener : config.listeners)
    all.listeners.push_back({listener.name, std::string(config::name_of(listener.mode)), listener.pool,
                             listener.bind, pools_behind(listener)});
  for (std::size_t i = 0; i < config.pools.size(); ++i) {
    const config::Pool& pool = config.pools[i];
    all.pools.push_back({.name = pool.name,
                         .row = it.pools[i],
                         .streams = pool.streams,
                         .makespan_as = makespan_as(pool),
                         .late = pool.binds_late(),
                         .lanes_per_type = lanes_of(config, pool),
                         .least = least_of(pool)});
  }
  for (std::size_t i = 0; i < config.servers.size(); ++i) {
    const ledger::ServerId id = it.servers[i];
    if (id >= all.servers.size()) all.servers.resize(id + 1);
    all.servers[id] = facts_of(config.servers[i]);
    for (PoolFacts& pool : all.pools)
      if (pool.name == config.servers[i].pool) pool.servers.push_back(id);
  }
  return all;
}

}  // namespace finishline::control
