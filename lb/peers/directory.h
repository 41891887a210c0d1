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

/// The rows are those of the configuration's servers and pools, in their order.
Directory directory_of(const config::Config& config, const std::vector<ledger::ServerId>& servers,
                       const std::vector<ledger::PoolId>& pools);

}  // namespace finishline::peers
