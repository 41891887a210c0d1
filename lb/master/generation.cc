#include "lb/master/generation.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "lb/process/limits.h"
#include "lb/process/secret.h"
#include "lb/sched/policies.h"

namespace finishline::master {
namespace {

/// The reason why not.
std::optional<std::string> read_admin_token(const config::Proxy& proxy, std::string& token) {
  if (proxy.admin_token_file.empty()) return std::nullopt;
  auto secret = process::read_secret(proxy.admin_token_file);
  if (const auto* why = std::get_if<std::string>(&secret)) return "proxy.admin_token_file: " + *why;
  token = std::move(std::get<process::Secret>(secret).text);
  return std::nullopt;
}

}  // namespace

std::variant<std::unique_ptr<Generation>, std::string> make_generation(std::uint32_t number,
                                                                       config::Source source,
                                                                       config::Config config,
                                                                       ListenSockets& sockets,
                                                                       ledger::Ledger& ledger) {
  auto made = std::make_unique<Generation>(number, std::move(source), std::move(config), ledger);
  process::Heritage& heritage = made->heritage;
  if (auto problem = process::raise_descriptor_limit(made->config)) return *problem;
  if (auto problem = read_admin_token(made->config.proxy, heritage.admin_token)) return *problem;
  if (auto problem = sockets.open_for(made->config)) return *problem;
  auto rows = ensure_rows(made->config, ledger);
  if (auto* problem = std::get_if<std::string>(&rows)) return std::move(*problem);
  auto pools = ensure_pool_rows(made->config, ledger);
  if (auto* problem = std::get_if<std::string>(&pools)) return std::move(*problem);
  heritage.pool_ids = std::move(std::get<std::vector<ledger::PoolId>>(pools));
  heritage.server_ids = std::move(std::get<std::vector<ledger::ServerId>>(rows));
  heritage.sockets = sockets.listeners(made->config);
  heritage.admin_fd = sockets.admin(made->config);
  return made;
}

std::variant<std::vector<ledger::ServerId>, std::string> ensure_rows(const config::Config& config,
                                                                     ledger::Ledger& ledger) {
  const auto fresh = std::count_if(config.servers.begin(), config.servers.end(),
                                   [&](const auto& server) { return !ledger.find_server(server.name); });
  if (ledger.server_count() + static_cast<std::uint64_t>(fresh) > ledger.sizes().max_servers) {
    return "the ledger has " + std::to_string(ledger.sizes().max_servers) + " rows, " +
           std::to_string(ledger.server_count()) +
           " of them taken by servers that are or were, and cannot take " + std::to_string(fresh) +
           " more: raise proxy.max_servers and restart";
  }
  std::vector<ledger::ServerId> rows;
  for (const config::Server& server : config.servers) {
    rows.push_back(ledger.ensure_server(server.name, server.slots).value());
    ledger.set_carries(rows.back(), config.serves_streams(server) ? ledger::Carries::streams : ledger::Carries::requests);
  }
  return rows;
}

std::variant<std::vector<ledger::PoolId>, std::string> ensure_pool_rows(const config::Config& config,
                                                                        ledger::Ledger& ledger) {
  std::vector<ledger::PoolId> rows;
  for (const config::Pool& pool : config.pools) {
    const auto row = ledger::ensure_pool(ledger, pool.name);
    if (!row) return "the ledger has no row for pool '" + pool.name + "': it has had too many pools";
    rows.push_back(*row);
  }
  return rows;
}

void configure_policies(const Generation& generation, ledger::Ledger& ledger) {
  for (std::size_t i = 0; i < generation.config.pools.size(); ++i) {
    const config::Pool& pool = generation.config.pools[i];
    ledger::configure_policy(ledger, generation.heritage.pool_ids[i], sched::find_choice(pool.policy)->number,
                             sched::first_rule(pool.policy, pool.candidates).number);
  }
}

void retire_rows(const config::Config& config, ledger::Ledger& ledger) {
  std::set<std::string_view> names;
  for (const config::Server& server : config.servers) names.insert(server.name);
  for (ledger::ServerId id = 0; id < ledger.server_count(); ++id) {
    if (!names.contains(ledger.server_name(id))) ledger.set_state(id, ledger::ServerState::absent);
  }
}

}  // namespace finishline::master
