#include "lb/master/generation.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "lb/config/tls_rules.h"
#include "lb/control/access.h"
#include "lb/ledger/listener_row.h"
#include "lb/ledger/row_lease.h"
#include "lb/ledger/scaled_server.h"
#include "lb/ledger/server_index.h"
#include "lb/log/log.h"
#include "lb/master/kept_orders.h"
#include "lb/process/limits.h"
#include "lb/process/secret.h"
#include "lb/sched/policies.h"
#include "proto/quantity.h"

namespace finishline::master {
namespace {

std::unordered_set<std::string_view> names_of(const std::vector<config::Server>& servers) {
  std::unordered_set<std::string_view> names;
  for (const config::Server& server : servers) names.insert(server.name);
  return names;
}

/// Of the file that a key names; none without. The reason why not.
std::optional<std::string> read_secret_of(const char* key, const std::string& file, process::Secret& secret) {
  if (file.empty()) return std::nullopt;
  auto read = process::read_secret(file);
  if (const auto* why = std::get_if<std::string>(&read)) return std::string(key) + ": " + *why;
  secret = std::move(std::get<process::Secret>(read));
  return std::nullopt;
}

std::optional<std::string> mistake_in_tokens_of(const config::Proxy& proxy, const process::Secret& tokens) {
  const std::string mistake = control::mistake_in_tokens(tokens.text, tokens.line);
  if (mistake.empty()) return std::nullopt;
  return "proxy.admin_token_file: " + proxy.admin_token_file + ", " + mistake;
}

std::optional<std::string> read_secrets(const config::Config& config, process::Heritage& heritage) {
  process::AlertSecrets& alerts = heritage.alert_secrets;
  auto why = read_secret_of("proxy.admin_token_file", config.proxy.admin_token_file, heritage.admin_token);
  if (!why) why = mistake_in_tokens_of(config.proxy, heritage.admin_token);
  if (!why)
    why = read_secret_of("alerts.webhook_secret_file", config.alerts.webhook_secret_file, alerts.webhook);
  if (!why) why = read_secret_of("peers.password_file", config.peers.password_file, heritage.peers_password);
  if (!why) why = read_secret_of("alerts.mail_password_file", config.alerts.mail_password_file, alerts.mail);
  return why;
}

/// Files that workers, and control, are to have the bytes of; or the reason why not.
std::optional<std::string> copy_credentials(Generation& made) {
  for (auto [files, copies] : {std::pair(config::listener_files(made.config), &made.listener_files),
                               std::pair(config::server_files(made.config), &made.server_files),
                               std::pair(config::admin_files(made.config), &made.admin_files)}) {
    auto copied = process::CredentialFiles::copy(files);
    if (auto* why = std::get_if<std::string>(&copied)) return std::move(*why);
    *copies = std::move(std::get<process::CredentialFiles>(copied));
  }
  return std::nullopt;
}

struct RowsNeeded {
  std::size_t fresh = 0;  // for servers that have none
  std::size_t room = 0;   // that there are for them
  std::size_t held = 0;   // of removed servers, with something in flight
};

/// The rows of those that have one; of each of Config::servers, in their order.
using KnownRows = std::vector<std::optional<ledger::ServerId>>;

KnownRows known_rows(const config::Config& config, const ledger::Ledger& ledger) {
  const ledger::ServerIndex index(ledger);
  KnownRows known;
  known.reserve(config.servers.size());
  for (const config::Server& server : config.servers) known.push_back(index.find(server.name));
  return known;
}

RowsNeeded count_rows(const config::Config& config, const ledger::Ledger& ledger, const KnownRows& known) {
  RowsNeeded rows{.room = ledger.sizes().max_servers - ledger.server_count()};
  rows.fresh = static_cast<std::size_t>(std::ranges::count_if(known, [](const auto& row) { return !row; }));
  const auto wanted = names_of(config.servers);
  for (ledger::ServerId id = 0; id < ledger.server_count(); ++id) {
    if (ledger.state(id) != ledger::ServerState::absent || wanted.contains(ledger.server_name(id))) continue;
    ++(ledger::is_free(ledger, id) ? rows.room : rows.held);
  }
  return rows;
}

/// A place of a scaled server is there, and nobody in it until its process answers.
void renew_row(ledger::Ledger& ledger, ledger::ServerId row, const config::Server& server) {
  if (!server.scaled) return ledger.renew_server(row, server.slots);
  ledger::reserve_scaled(ledger, row, true);
  if (ledger::scaled_port(ledger, row) == 0) ledger.set_slots(row, server.slots);
}

std::string shortage(const RowsNeeded& rows, std::uint32_t max_servers) {
  std::string text = std::to_string(rows.fresh) + " new servers need a row each in the ledger, which has " +
                     std::to_string(max_servers) + " and " + std::to_string(rows.room) +
                     " to spare while the servers in use keep theirs: raise proxy.max_servers and restart";
  if (rows.held > 0)
    text +=
        ", or wait until " + std::to_string(rows.held) + " removed servers have finished what is in flight";
  return text;
}

}  // namespace

static_assert(ledger::kMaxPools == 2 * config::kMaxPools);

std::variant<std::unique_ptr<Generation>, std::string> make_generation(
    std::uint32_t number, std::uint32_t oldest, config::Source source, config::Config config,
    ListenSockets& sockets, ledger::Ledger& ledger) {
  auto made = std::make_unique<Generation>(number, std::move(source), std::move(config), ledger);
  process::Heritage& heritage = made->heritage;
  if (auto problem = process::raise_descriptor_limit(made->config)) return *problem;
  if (auto problem = read_secrets(made->config, heritage)) return *problem;
  if (auto problem = copy_credentials(*made)) return *problem;
  if (auto problem = sockets.open_for(made->config)) return *problem;
  auto rows = ensure_rows(made->config, ledger);
  if (auto* problem = std::get_if<std::string>(&rows)) return std::move(*problem);
  auto pools = ensure_pool_rows(made->config, ledger, {.oldest = oldest, .ours = number});
  if (auto* problem = std::get_if<std::string>(&pools)) return std::move(*problem);
  for (const config::Listener& listener : made->config.listeners)
    ledger::ensure_listener(ledger, listener.name, {.oldest = oldest, .ours = number});
  heritage.pool_ids = std::move(std::get<std::vector<ledger::PoolId>>(pools));
  heritage.server_ids = std::move(std::get<std::vector<ledger::ServerId>>(rows));
  heritage.sockets = sockets.listeners(made->config);
  heritage.admin_fd = sockets.admin(made->config);
  return made;
}

std::string summary_of(const Generation& generation) {
  const config::Config& config = generation.config;
  return "revision " + std::to_string(generation.heritage.revision) + ", " +
         counted(config.worker_count(), "worker") + ", " + counted(config.listeners.size(), "listener") +
         ", " + counted(config.servers.size(), "server");
}

bool same_server_credentials(const Generation& generation, const config::Config& wanted) {
  return generation.server_files.still(config::server_files(wanted));
}

bool same_control_credentials(const Generation& generation, const config::Config& wanted) {
  return same_server_credentials(generation, wanted) &&
         generation.admin_files.still(config::admin_files(wanted));
}

bool same_credentials(const Generation& generation, const config::Config& wanted) {
  return generation.listener_files.still(config::listener_files(wanted)) &&
         same_server_credentials(generation, wanted);
}

std::variant<std::vector<ledger::ServerId>, std::string> ensure_rows(const config::Config& config,
                                                                     ledger::Ledger& ledger) {
  const KnownRows known = known_rows(config, ledger);
  const RowsNeeded needed = count_rows(config, ledger, known);
  if (needed.fresh > needed.room) return shortage(needed, ledger.sizes().max_servers);
  std::vector<ledger::ServerId> rows(known.size());
  for (std::size_t i = 0; i < known.size(); ++i) {
    // Those that come back first: their rows are not for others.
    if (known[i]) renew_row(ledger, rows[i] = *known[i], config.servers[i]);
  }
  ledger::RowSearch search = 0;
  for (std::size_t i = 0; i < known.size(); ++i) {
    const config::Server& server = config.servers[i];
    if (!known[i]) renew_row(ledger, rows[i] = allocate_row(ledger, server.name, search).value(), server);
    ledger.set_kind(
        rows[i], config.serves_streams(server) ? ledger::ServerKind::streams : ledger::ServerKind::requests);
  }
  return rows;
}

config::Room room_in(const ledger::Ledger& ledger) {
  const auto index = std::make_shared<ledger::ServerIndex>(ledger);
  std::size_t spare = ledger.sizes().max_servers;
  for (ledger::ServerId id = 0; id < ledger.server_count(); ++id)
    if (!ledger::is_free(ledger, id)) --spare;
  return {.spare = spare, .has = [index, &ledger](const std::string& server) {
            const auto row = index->find(server);
            return row && !ledger::is_free(ledger, *row);
          }};
}

std::variant<std::vector<ledger::PoolId>, std::string> ensure_pool_rows(
    const config::Config& config, ledger::Ledger& ledger, const ledger::Generations& generations) {
  std::vector<ledger::PoolId> rows;
  for (const config::Pool& pool : config.pools) {
    const auto row = ledger::ensure_pool(ledger, pool.name, generations);
    if (!row)
      return "the ledger has no row for pool '" + pool.name +
             "': workers of earlier reloads still use those of pools that are gone: try again later";
    rows.push_back(*row);
  }
  return rows;
}

void configure_policies(const Generation& generation, ledger::Ledger& ledger) {
  for (std::size_t i = 0; i < generation.config.pools.size(); ++i) {
    const config::Pool& pool = generation.config.pools[i];
    const ledger::PoolId row = generation.heritage.pool_ids[i];
    const std::uint8_t before = ledger::pool_policy(ledger, row).chosen;
    ledger::configure_policy(ledger, row, sched::find_choice(pool.policy)->number,
                             sched::first_rule(pool.policy, pool.candidates).number);
    const std::uint8_t after = ledger::pool_policy(ledger, row).chosen;
    if (before == 0 || before == after) continue;
    log::write(log::Event::policy_changed, {{"pool", pool.name},
                                            {"policy", sched::name_of_choice(after)},
                                            {"was", sched::name_of_choice(before)},
                                            {"reason", "the file says so"}});
  }
}

void begin_orders(const Generation& generation, ledger::Ledger& ledger) {
  configure_policies(generation, ledger);
  carry_out_kept_orders(generation.config, ledger);
}

void retire_rows(const config::Config& config, ledger::Ledger& ledger) {
  const auto names = names_of(config.servers);
  for (ledger::ServerId id = 0; id < ledger.server_count(); ++id) {
    if (names.contains(ledger.server_name(id))) continue;
    ledger.set_state(id, ledger::ServerState::absent);
    ledger.set_admin(id, ledger::AdminState::ready);  // an order is for this server, not for one to come
    if (ledger::scaled_port(ledger, id) == 0) ledger::reserve_scaled(ledger, id, false);
  }
}

}  // namespace finishline::master
