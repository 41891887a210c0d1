// What the configuration says of listeners, pools and servers that pages and the API tell, and the ledger
// does not know. Plain values. Control process.
#pragma once

#include <string>
#include <vector>

#include "lb/control/configured.h"
#include "lb/ledger/ledger.h"
#include "lb/ledger/pool_row.h"

namespace finishline::control {

struct ListenerFacts {
  std::string name, mode, pool, bind;
  std::vector<std::string>
      pools;  // all that it leads to: `pool`, and those of names that TLS clients ask for
};

struct PoolFacts {
  std::string name;
  ledger::PoolId row = 0;
  bool streams = false;
  std::string makespan_as{};       // the row of what other policies would have made that plays makespan here
  bool late = false;               // requests are bound when a server is about to be free
  std::size_t lanes_per_type = 1;  // of what waits: see Planning::Pool
  std::vector<ledger::ServerId> servers{};
  std::size_t least = 0;  // servers that it is to have at any time; 0: it may stand empty
};

struct ServerFacts {
  std::string pool;  // "": of no configured server
  double weight = 1;
  double speed = 1;
  std::uint32_t slots = 1;
  std::size_t type = 0;  // of the cost model
};

struct Inventory {
  std::vector<ListenerFacts> listeners;
  std::vector<PoolFacts> pools;
  std::vector<ServerFacts> servers;          // by ledger::ServerId
  std::vector<std::string> request_types{};  // by RequestType
  std::vector<std::string> server_types{};   // of the cost model
  CostModel cost;

  /// Of a row that no configured server has: the facts of none.
  const ServerFacts& server(ledger::ServerId id) const;
  const PoolFacts* pool(std::string_view name) const;
};

Inventory inventory_of(const Configured& it);

}  // namespace finishline::control
