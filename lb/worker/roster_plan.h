// What a configuration means to the servers of a worker: where each stands in the ledger, and what pools and
// links are made of. Made in one go, on any thread: it reads the configuration and the names in the ledger,
// and touches nothing else. Worker process.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lb/config/config.h"
#include "lb/ledger/ledger.h"
#include "lb/worker/request_pool.h"
#include "lb/worker/stream_pool.h"

namespace finishline::worker {

struct RosterPlan {
  /// Of a server of the configuration.
  struct Place {
    ledger::ServerId row = 0;
    std::size_t pool = 0;
    std::string link_key;  // equal for links that can stand in for each other; "": it has no links
  };

  /// Every server has its row in the ledger. `config` outlives the plan.
  RosterPlan(const config::Config& config, const ledger::Ledger& ledger);
  /// The same, and the configuration is the plan's own.
  RosterPlan(std::unique_ptr<const config::Config> config, const ledger::Ledger& ledger);

  const config::Pool& pool_of(std::size_t server) const { return config->pools[servers[server].pool]; }
  bool has_row(ledger::ServerId row) const { return row < rows.size() && rows[row]; }

  std::unique_ptr<const config::Config> own;
  const config::Config* config;
  std::vector<Place> servers;                   // of the configuration, in its order
  std::vector<std::vector<std::size_t>> pools;  // positions there of the members of each pool, in order
  std::vector<std::vector<Member>> members;     // by pool; the pool takes them
  std::vector<std::vector<StreamPool::Server>> streams;  // by pool, empty for one of requests; likewise
  std::vector<bool> rows;                                // whether a server of the configuration has it

 private:
  void find_places(const ledger::Ledger& ledger);
  void add_member(std::size_t at);
};

/// What an order of the master to change says; or why it cannot be obeyed. Raises the limit of descriptors to
/// what it takes.
std::variant<std::unique_ptr<RosterPlan>, std::string> plan_of_order(std::string_view text,
                                                                     const ledger::Ledger& ledger);

}  // namespace finishline::worker
