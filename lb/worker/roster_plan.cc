#include "lb/worker/roster_plan.h"

#include <unordered_map>
#include <utility>

#include "lb/config/source.h"
#include "lb/ledger/server_index.h"
#include "lb/process/limits.h"
#include "lb/process/server_tls.h"

namespace finishline::worker {
namespace {

std::string key_of(const config::Pool& pool, const config::Server& server) {
  std::string key = server.pool + ' ' + server.name + ' ' + server.address.to_string() + ' ' +
                    std::string(name_of(server.protocol)) + ' ' + std::to_string(server.max_buffer);
  if (server.protocol == config::Mode::http) key += ' ' + server.path + ' ' + std::to_string(server.slots);
  for (const net::Address& source : server.sources) key += ' ' + source.to_string();
  for (const Nanos span : {server.keepalive, server.user_timeout, pool.link_ping, pool.check_timeout})
    key += ' ' + std::to_string(span.count());
  return key + process::tls_key_of(server);
}

}  // namespace

RosterPlan::RosterPlan(const config::Config& from, const ledger::Ledger& ledger) : config(&from) {
  find_places(ledger);
  members.resize(pools.size());
  streams.resize(pools.size());
  for (std::size_t at = 0; at < servers.size(); ++at) add_member(at);
}

RosterPlan::RosterPlan(std::unique_ptr<const config::Config> from, const ledger::Ledger& ledger)
    : RosterPlan(*from, ledger) {
  own = std::move(from);
}

void RosterPlan::find_places(const ledger::Ledger& ledger) {
  const ledger::ServerIndex index(ledger);
  std::unordered_map<std::string_view, std::size_t> positions;
  for (const config::Pool& pool : config->pools) positions.emplace(pool.name, positions.size());
  pools.resize(config->pools.size());
  rows.resize(ledger.server_count());
  servers.reserve(config->servers.size());
  for (const config::Server& server : config->servers) {
    const std::size_t pool = positions.at(server.pool);
    const ledger::ServerId row = index.find(server.name).value();
    pools[pool].push_back(servers.size());
    rows[row] = true;
    const bool linked = server.address && !config->pools[pool].streams;  // a stream has its own connection
    servers.push_back({row, pool, linked ? key_of(config->pools[pool], server) : ""});
  }
}

void RosterPlan::add_member(std::size_t at) {
  const config::Server& server = config->servers[at];
  const ledger::ServerId row = servers[at].row;
  const std::size_t pool = servers[at].pool;
  members[pool].push_back({.id = row,
                           .spec = {row, server.name, server.type_index, server.speed, server.slots},
                           .weight = server.weight,
                           .backup = server.backup,
                           .mini = server.protocol == config::Mode::mini,
                           .scaled = server.scaled,
                           .capacity = server.capacity,
                           .max_connections = server.max_connections,
                           .distance = config->distance(server)});
  if (!config->pools[pool].streams) return;
  streams[pool].push_back({.id = row,
                           .address = server.address,
                           .sources = net::SourceAddresses(server.sources),
                           .scaled = server.scaled,
                           .send_proxy = server.send_proxy,
                           .tcp_timeouts = {server.keepalive, server.user_timeout}});
}

std::variant<std::unique_ptr<RosterPlan>, std::string> plan_of_order(std::string_view text,
                                                                     const ledger::Ledger& ledger) {
  const auto source = config::source_of(text);
  if (!source) return "an order cannot be read";
  auto parsed = config::parse(*source);
  if (!std::holds_alternative<config::Config>(parsed)) return "the ordered configuration has mistakes";
  auto wanted = std::make_unique<const config::Config>(std::move(std::get<config::Config>(parsed)));
  if (auto problem = process::raise_descriptor_limit(*wanted)) return std::move(*problem);
  return std::make_unique<RosterPlan>(std::move(wanted), ledger);
}

}  // namespace finishline::worker
