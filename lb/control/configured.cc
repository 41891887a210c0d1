#include "lb/control/configured.h"

#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "lb/config/metrics_url.h"

namespace finishline::control {
namespace {

bool pongs(const config::Pool& pool, const config::Server& server) {
  return !pool.streams && server.protocol == config::Mode::frame;
}

std::optional<Probe::Options> probe_of(const config::Pool& pool, const config::Server& server) {
  const auto [first, last] = config::statuses_in(pool.check_status).value();
  Probe::Options probe{.address = server.check_address,
                       .path = pool.check_path,
                       .host = pool.check_host,
                       .first_status = first,
                       .last_status = last,
                       .user = pool.check_user,
                       .timeout = pool.check_timeout};
  if (probe.unresolved = server.unresolved; !probe.unresolved.empty()) return probe;
  if (server.check_address.data()->sa_family == server.address.data()->sa_family)
    probe.sources = net::SourceAddresses(server.sources);
  switch (pool.check) {
    case config::Check::off:
      return std::nullopt;
    case config::Check::ping:
      probe.kind = Probe::Kind::ping;
      break;
    case config::Check::connect:
      probe.kind = Probe::Kind::connect;
      break;
    case config::Check::http:
      probe.kind = Probe::Kind::http;
      break;
    case config::Check::redis:
      probe.kind = Probe::Kind::redis;
      break;
    case config::Check::postgres:
      probe.kind = Probe::Kind::postgres;
      break;
    case config::Check::automatic:
      probe.kind = pongs(pool, server) ? Probe::Kind::ping : Probe::Kind::connect;
  }
  return probe;
}

sched::HealthOptions health_of(const config::Pool& pool) {
  return {.rise = pool.rise,
          .fall = pool.fall,
          .eject_after = pool.eject_after,
          .eject_over = pool.eject_over / 100,
          .eject_time = pool.eject_time,
          .max_ejected = pool.max_ejected,
          .slow_start = pool.slow_start};
}

/// Of the server's pool.
std::string_view learn_of(const config::Config& config, const config::Server& server) {
  for (const config::Pool& pool : config.pools)
    if (pool.name == server.pool) return config::name_of(pool.learn);
  return "off";
}

}  // namespace

std::vector<std::optional<ledger::ListenerId>> listener_rows(const config::Config& config,
                                                             const ledger::Ledger& ledger) {
  std::vector<std::optional<ledger::ListenerId>> rows;
  for (const config::Listener& listener : config.listeners)
    rows.push_back(ledger::find_listener(ledger, listener.name));
  return rows;
}

Configured with_rows(const config::Config& config, const ledger::Ledger& ledger) {
  std::map<std::string_view, ledger::ServerId> rows;
  for (ledger::ServerId id = 0; id < ledger.server_count(); ++id) rows.emplace(ledger.server_name(id), id);
  Configured it{config, {}, {}, listener_rows(config, ledger)};
  for (const config::Server& server : config.servers) it.servers.push_back(rows.at(server.name));
  for (const config::Pool& pool : config.pools)
    it.pools.push_back(ledger::find_pool(ledger, pool.name).value());
  return it;
}

std::uint64_t seed_of(const config::Proxy& proxy) {
  if (proxy.seed != 0) return proxy.seed;
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

Access::Options access_options_of(const config::Proxy& proxy) {
  return {proxy.admin_anonymous, proxy.admin_viewers, Access::hosts_in(proxy.admin_hosts),
          proxy.admin_speaks_tls()};
}

Names names_of(const Configured& it) {
  const config::Config& config = it.config;
  Names names;
  for (const RequestTypeSpec& type : config.cost.request_types()) names.request_types.push_back(type.name);
  for (std::size_t i = 0; i < config.servers.size(); ++i) {
    const ledger::ServerId id = it.servers[i];
    if (id >= names.server_types.size()) names.server_types.resize(id + 1);
    names.server_types[id] = config.servers[i].type;
    names.addresses.resize(names.server_types.size());
    names.addresses[id] = config.servers[i].address.to_string();
    names.backups.resize(names.server_types.size());
    names.backups[id] = config.servers[i].backup;
    names.learn.resize(names.server_types.size());
    names.learn[id] = learn_of(config, config.servers[i]);
  }
  names.pools = it.pools;
  for (std::size_t i = 0; i < config.listeners.size(); ++i)
    names.listeners.push_back({config.listeners[i].name, it.listeners[i]});
  names.self = config.peers.name;
  for (std::size_t i = 0; i < config.pools.size() && i < it.pools.size(); ++i)
    if (config.pools[i].has_seat() && config.peers.on()) names.seats.push_back(it.pools[i]);
  for (std::size_t i = 0; i < config.pools.size() && i < it.pools.size(); ++i)
    if (config.pools[i].streams) names.stream_pools.push_back(it.pools[i]);
  for (const config::Pool& pool : config.pools) {
    auto& members = names.stream_members.emplace_back();
    for (std::size_t i = 0; pool.streams && i < config.servers.size(); ++i)
      if (config.servers[i].pool == pool.name) members.push_back({it.servers[i], config.servers[i].capacity});
  }
  return names;
}

std::vector<PoolWatch::Options> watches_of(const Configured& it, process::ServerTls& tls) {
  const config::Config& config = it.config;
  std::vector<PoolWatch::Options> pools;
  for (const config::Pool& pool : config.pools) {
    pools.push_back(
        {.name = pool.name, .health = health_of(pool), .check_interval = pool.check_interval, .members = {}});
    for (std::size_t i = 0; i < config.servers.size(); ++i) {
      const config::Server& server = config.servers[i];
      if (server.pool != pool.name) continue;
      pools.back().members.push_back(
          {it.servers[i], server.name, server.address.to_string(), probe_of(pool, server), server.scaled});
      if (auto& probe = pools.back().members.back().probe) probe->tls = tls.of(server);
    }
  }
  return pools;
}

std::vector<VitalsReader::VitalsTarget> vitals_targets_of(const Configured& it) {
  std::vector<VitalsReader::VitalsTarget> targets;
  for (std::size_t i = 0; i < it.config.servers.size(); ++i) {
    const config::Server& server = it.config.servers[i];
    const auto parsed = config::parse_metrics_url(server.metrics);
    const auto* const url = std::get_if<config::MetricsUrl>(&parsed);
    if (url == nullptr) continue;
    const net::Address address = url->endpoint.name.empty() ? url->endpoint.address
                                 : server.address           ? server.address.with_port(url->endpoint.port)
                                                            : net::Address();
    if (address) targets.push_back({it.servers[i], address, url->host, url->path});
  }
  return targets;
}

std::vector<PolicyService::PolicyPool> pools_of(const Configured& it) {
  std::vector<PolicyService::PolicyPool> pools;
  for (std::size_t i = 0; i < it.config.pools.size(); ++i)
    pools.push_back(
        {.name = it.config.pools[i].name, .row = it.pools[i], .streams = it.config.pools[i].streams});
  return pools;
}

/// Those whose costs are learned, by request type: what speaks two bytes costs no more for it.
std::vector<CostLearning::LearningPool> learning_pools_of(const Configured& it) {
  const config::Config& config = it.config;
  std::vector<CostLearning::LearningPool> pools;
  for (std::size_t i = 0; i < config.pools.size(); ++i) {
    const config::Pool& from = config.pools[i];
    if (from.learn == config::Learn::off || from.streams) continue;
    CostLearning::LearningPool pool{.row = it.pools[i], .servers = {}, .declared = {}};
    std::vector<sched::PooledServer> servers;
    for (std::size_t n = 0; n < config.servers.size(); ++n) {
      const config::Server& server = config.servers[n];
      if (server.pool != from.name) continue;
      pool.servers.push_back(it.servers[n]);
      servers.push_back({server.type_index, server.speed, server.slots});
    }
    pool.declared = sched::pool_costs(config.cost, servers);
    pools.push_back(std::move(pool));
  }
  return pools;
}

namespace {

Planning::PlannedPool planned_pool_of(const Configured& it, std::size_t position) {
  const config::Config& config = it.config;
  const config::Pool& from = config.pools[position];
  Planning::PlannedPool pool{
      .row = it.pools[position], .servers = {}, .costs = {}, .learns = from.learn == config::Learn::on};
  std::vector<sched::PooledServer> servers;
  for (std::size_t n = 0; n < config.servers.size(); ++n) {
    const config::Server& server = config.servers[n];
    if (server.pool != from.name) continue;
    pool.servers.push_back(it.servers[n]);
    servers.push_back({server.type_index, server.speed, server.slots, server.protocol == config::Mode::mini});
  }
  pool.costs = sched::pool_costs(config.cost, servers);
  pool.lanes_per_type = pool.costs.types / config.cost.request_types().size();
  return pool;
}

}  // namespace

/// See worker::RequestPool::waits_when_full.
std::vector<Planning::PlannedPool> planned_pools_of(const Configured& it) {
  std::vector<Planning::PlannedPool> pools;
  for (std::size_t i = 0; i < it.config.pools.size(); ++i)
    if (it.config.pools[i].binds_late() || it.config.pools[i].waits_when_full())
      pools.push_back(planned_pool_of(it, i));
  return pools;
}

std::vector<Planning::PlannedPool> explained_pools_of(const Configured& it) {
  std::vector<Planning::PlannedPool> pools;
  for (std::size_t i = 0; i < it.config.pools.size(); ++i)
    if (!it.config.pools[i].streams) pools.push_back(planned_pool_of(it, i));
  return pools;
}

std::vector<AdaptiveController::AdaptivePool> tuned_pools_of(const Configured& it) {
  const config::Config& config = it.config;
  std::vector<AdaptiveController::AdaptivePool> pools;
  for (std::size_t i = 0; i < config.pools.size(); ++i) {
    const config::Pool& from = config.pools[i];
    auto candidates =
        std::get<std::vector<const sched::PolicyRow*>>(sched::parse_candidates(from.candidates));
    AdaptiveController::AdaptivePool pool{.row = it.pools[i],
                                          .cost = config.cost,
                                          .servers = {},
                                          .weights = {},
                                          .params = {from.gamma, std::move(candidates)}};
    for (std::size_t n = 0; n < config.servers.size(); ++n) {
      const config::Server& server = config.servers[n];
      if (server.pool != from.name || server.backup) continue;
      pool.servers.push_back({it.servers[n], server.name, server.type_index, server.speed, server.slots});
      pool.weights.push_back(server.weight);
    }
    pools.push_back(std::move(pool));
  }
  return pools;
}

namespace {

constexpr std::uint32_t kMostPlayedWorkers = 8;

/// All policies, and late binding as this pool has it or would have it.
std::vector<sim::Contender> shadows_of(const config::Pool& pool, std::uint32_t workers) {
  std::vector<sim::Contender> shadows;
  for (const sched::PolicyRow& row : sched::policies())
    if (row.frames) shadows.emplace_back(row);
  shadows.emplace_back(sim::LateBindingParams{.rule = {.order = pool.order, .aging = pool.aging},
                                              .workers = std::min(workers, kMostPlayedWorkers),
                                              .mark = pool.mark});
  return shadows;
}

PerformanceMeter::MeasuredPool measured_pool(const Configured& it, std::size_t number) {
  const config::Pool& from = it.config.pools[number];
  PerformanceMeter::MeasuredPool pool{.row = it.pools[number],
                                      .cost = it.config.cost,
                                      .servers = {},
                                      .weights = {},
                                      .backups = {},
                                      .params = {.gamma = from.gamma},
                                      .shadows = shadows_of(from, it.config.worker_count())};
  for (std::size_t n = 0; n < it.config.servers.size(); ++n) {
    const config::Server& server = it.config.servers[n];
    if (server.pool != from.name) continue;
    pool.servers.push_back({it.servers[n], server.name, server.type_index, server.speed, server.slots});
    pool.weights.push_back(server.weight);
    pool.backups.push_back(server.backup);
  }
  return pool;
}

}  // namespace

std::vector<PerformanceMeter::MeasuredPool> measured_pools_of(const Configured& it) {
  std::vector<PerformanceMeter::MeasuredPool> pools;
  for (std::size_t i = 0; i < it.config.pools.size(); ++i)
    if (!it.config.pools[i].streams) pools.push_back(measured_pool(it, i));
  return pools;
}

}  // namespace finishline::control
