// Changes the policies of pools while they run: checks the order, writes it into the ledger, where workers
// look before each decision, and tells the log. Control process.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lb/ledger/pool_row.h"

namespace finishline::control {

class PolicyService {
 public:
  struct PolicyPool {
    std::string name;
    ledger::PoolId row = 0;
    bool streams = false;  // it is given connections, not requests
  };

  /// The ledger outlives it.
  PolicyService(ledger::Ledger& ledger, std::vector<PolicyPool> pools);
  /// Of another configuration.
  void change_to(std::vector<PolicyPool> pools) { pools_ = std::move(pools); }

  /// Nothing when no pool is called so.
  std::optional<ledger::PoolId> find(std::string_view pool) const;
  /// The reason why find() has found nothing, in words.
  std::string no_such_pool(std::string_view name) const;
  /// An operator wants the pool to follow this policy. In force when it returns ""; else the reason why not.
  std::string choose(std::string_view pool, std::string_view policy);
  /// Nobody asked: `reason` says why workers shall follow another policy from now on.
  void run(ledger::PoolId pool, std::string_view policy, std::string_view reason);

  /// Tells the log where the choice of an operator stands against the file.
  void tell_of_differences() const;

 private:
  ledger::Ledger& ledger_;
  std::vector<PolicyPool> pools_;
};

}  // namespace finishline::control
