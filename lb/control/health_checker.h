// The watches of all pools, and what is told of their servers by all of them together. Control process.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lb/control/pool_watch.h"

namespace finishline::control {

/// Keeps one PoolWatch per pool and has it look at what the workers met.
class HealthChecker {
 public:
  HealthChecker(
      net::Loop& loop, ledger::Ledger& ledger, std::vector<PoolWatch::Options> pools, std::uint64_t seed,
      std::function<void()> appeared = [] {});

  /// Another configuration. Servers that it has not got are let go of: nothing more is written about them.
  void change_to(std::vector<PoolWatch::Options> pools);

  /// The operator's word; in the ledger and in force when this returns. False when no pool has such a server.
  bool set_admin(ledger::ServerId server, ledger::AdminState admin);
  /// Why servers are given work otherwise than those that are up, by ServerId; "" for those that are up.
  std::vector<std::string> reasons() const;
  /// What servers say of themselves when they are checked by ping, by ServerId; nothing of those that do not.
  std::vector<std::optional<proto::ServerVitals>> vitals() const;
  /// What a server of some pool is now, in the word that is told everywhere; of others the ledger's.
  std::string_view state_word(ledger::ServerId server) const;
  /// Reasons and vitals in the places for them, and who is untried.
  void add_to(std::vector<ServerSnapshot>& servers) const;
  /// Those that take work and that nobody has reached yet, by ServerId.
  std::vector<bool> untried() const;

 private:
  net::Loop& loop_;
  ledger::Ledger& ledger_;
  sched::Random seeds_;
  std::function<void()> appeared_;
  std::vector<std::unique_ptr<PoolWatch>> pools_;
  net::Timer sample_;
};

}  // namespace finishline::control
