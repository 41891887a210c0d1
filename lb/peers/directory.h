// What names in reports mean here: proxies number servers and pools each in its own way. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "lb/config/config.h"
#include "lb/ledger/ledger.h"
#include "lb/ledger/pool_row.h"

namespace finishline::peers {

struct Directory {
  struct Server {
    std::uint64_t key = 0;
    ledger::ServerId id = 0;
    ledger::PoolId pool = 0;
  };
  struct Lane {
    std::uint64_t key = 0;
    ledger::PoolId pool = 0;
    std::uint8_t type = 0;  // as in sched::WaitLane
  };

  /// Whose seat proxies share.
  struct Pool {
    std::uint64_t key = 0;
    ledger::PoolId row = 0;
    std::string name;
  };

  std::vector<Server> servers;
  std::vector<Pool> seats;
  std::vector<Lane> lanes;                                            // of pools that bind late
  std::unordered_map<std::uint64_t, std::size_t> server_at, lane_at;  // by key: position above

  std::optional<ledger::ServerId> server(std::uint64_t key) const;
  const Lane* lane(std::uint64_t key) const;
};

/// The rows of a configuration's servers and pools, in their order.
struct ConfiguredRows {
  std::vector<ledger::ServerId> servers;
  std::vector<ledger::PoolId> pools;
};
/// By the names that stand in the ledger; nothing when one is missing.
std::optional<ConfiguredRows> rows_of(const config::Config& config, const ledger::Ledger& ledger);
Directory directory_of(const config::Config& config, const ConfiguredRows& rows);

/// What the first has and the second has not; lanes by their places in the ledger.
std::vector<ledger::ServerId> servers_gone(const ConfiguredRows& before, const ConfiguredRows& after);
std::vector<Directory::Lane> lanes_gone(const Directory& before, const Directory& after);

}  // namespace finishline::peers
