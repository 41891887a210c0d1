#include "lb/peers/directory.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_set>

#include "lb/ledger/demand.h"
#include "lb/ledger/server_index.h"
#include "lb/peers/report.h"

namespace finishline::peers {
namespace {

/// Where some servers take two bytes only, each type has two lanes: of what they can do, and of what not.
bool has_mini_servers(const config::Config& config, const config::Pool& pool) {
  return std::ranges::any_of(config.servers, [&](const config::Server& server) {
    return server.pool == pool.name && server.protocol == config::Mode::mini;
  });
}

void add_lanes(const config::Config& config, const config::Pool& pool, ledger::PoolId row, Directory& to) {
  const std::size_t parts = has_mini_servers(config, pool) ? 2 : 1;
  const auto& types = config.cost.request_types();
  for (std::size_t type = 0; type < types.size(); ++type) {
    for (std::size_t part = 0; part < parts; ++part) {
      const std::size_t lane = type * parts + part;
      if (lane >= ledger::kDemandTypes) return;
      to.lanes.push_back({key_of(pool.name, types[type].name + (part == 0 ? "" : "/frame")), row,
                          static_cast<std::uint8_t>(lane)});
    }
  }
}

ledger::PoolId row_of(const config::Config& config, const std::string& pool,
                      const std::vector<ledger::PoolId>& pools) {
  for (std::size_t i = 0; i < config.pools.size() && i < pools.size(); ++i)
    if (config.pools[i].name == pool) return pools[i];
  return ledger::kSharingPools;
}

}  // namespace

std::optional<ledger::ServerId> Directory::server(std::uint64_t key) const {
  const auto found = server_at.find(key);
  return found == server_at.end() ? std::nullopt : std::optional(servers[found->second].id);
}

const Directory::Lane* Directory::lane(std::uint64_t key) const {
  const auto found = lane_at.find(key);
  return found == lane_at.end() ? nullptr : &lanes[found->second];
}

std::optional<ConfiguredRows> rows_of(const config::Config& config, const ledger::Ledger& ledger) {
  const ledger::ServerIndex index(ledger);
  ConfiguredRows rows;
  for (const config::Server& server : config.servers) {
    const auto row = index.find(server.name);
    if (!row) return std::nullopt;
    rows.servers.push_back(*row);
  }
  for (const config::Pool& pool : config.pools) {
    const auto row = ledger::find_pool(ledger, pool.name);
    if (!row) return std::nullopt;
    rows.pools.push_back(*row);
  }
  return rows;
}

std::vector<ledger::ServerId> servers_gone(const ConfiguredRows& before, const ConfiguredRows& after) {
  const std::unordered_set<ledger::ServerId> kept(after.servers.begin(), after.servers.end());
  std::vector<ledger::ServerId> gone;
  std::ranges::copy_if(before.servers, std::back_inserter(gone),
                       [&](ledger::ServerId id) { return !kept.contains(id); });
  return gone;
}

std::vector<Directory::Lane> lanes_gone(const Directory& before, const Directory& after) {
  std::vector<Directory::Lane> gone;
  for (const Directory::Lane& lane : before.lanes) {
    const Directory::Lane* const now = after.lane(lane.key);
    if (now == nullptr || now->pool != lane.pool || now->type != lane.type) gone.push_back(lane);
  }
  return gone;
}

Directory directory_of(const config::Config& config, const ConfiguredRows& rows) {
  const auto& [servers, pools] = rows;
  Directory all;
  for (std::size_t i = 0; i < config.servers.size() && i < servers.size(); ++i)
    if (!config.servers[i].scaled)
      all.servers.push_back(
          {key_of(config.servers[i].name), servers[i], row_of(config, config.servers[i].pool, pools)});
  for (std::size_t i = 0; i < config.pools.size() && i < pools.size(); ++i)
    if (config.pools[i].binds_late() && pools[i] < ledger::kSharingPools)
      add_lanes(config, config.pools[i], pools[i], all);
  for (std::size_t i = 0; i < config.pools.size() && i < pools.size(); ++i)
    if (config.pools[i].has_seat() && pools[i] < ledger::kSharingPools)
      all.seats.push_back({key_of(config.pools[i].name), pools[i], config.pools[i].name});
  for (std::size_t i = 0; i < all.servers.size(); ++i) all.server_at.emplace(all.servers[i].key, i);
  for (std::size_t i = 0; i < all.lanes.size(); ++i) all.lane_at.emplace(all.lanes[i].key, i);
  return all;
}

}  // namespace finishline::peers
