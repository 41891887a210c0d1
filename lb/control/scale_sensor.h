// What the rule of scaling (sched/scale_rule.h) is told of a pool, read from the ledger: what comes and
// waits, who serves, who is being started, and how loaded they are. Control process.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lb/config/config.h"
#include "lb/ledger/ledger.h"
#include "lb/ledger/pool_row.h"
#include "lb/sched/scale_rule.h"
#include "proto/server_vitals.h"

namespace finishline::control {

/// A server of a pool that is scaled.
struct ScaleMember {
  ledger::ServerId row = 0;
  std::string name;
  std::size_t kind = 0;
  bool scaled = false;
  std::uint32_t slots = 1;
  std::uint64_t max_memory = 0;  // 0: not known
  Nanos start_timeout{};         // of a scaled one: until it listens
};

/// A pool that is scaled, as a configuration has it.
struct ScalePool {
  std::string name;
  ledger::PoolId row = 0;
  bool streams = false;
  std::size_t lanes_per_type = 1;  // of what waits: see Planning::PlannedPool
  config::Scale scale;
  std::vector<std::string> request_types;
  std::vector<std::string> types;  // of servers, by kind
  std::vector<sched::ServerSort> kinds;
  std::vector<sched::ScaleLimits> limits;  // by kind
  std::vector<bool> elsewhere;             // by kind: its servers are started on other machines
  std::vector<ScaleMember> members;
};

using Vitals = std::vector<std::optional<proto::ServerVitals>>;  // by ServerId

class ScaleSensor {
 public:
  /// The ledger outlives it.
  explicit ScaleSensor(const ledger::Ledger& ledger) : ledger_(ledger) {}

  /// As of now; what comes is measured over the time that waiting work is to be done in (catch_up), or since
  /// the first call. Times never fall from call to call.
  sched::ScaleReading read(const ScalePool& pool, const Vitals& vitals, Instant now);

 private:
  /// What had come, and how long servers had worked.
  struct Counted {
    Instant at{};
    std::vector<double> arrived;     // by type
    std::vector<std::int64_t> busy;  // by member, us
  };
  Counted count(const ScalePool& pool, const std::vector<std::uint64_t>& arrived, Instant now) const;
  void read_members(const ScalePool& pool, const Vitals& vitals, const Counted& now,
                    sched::ScaleReading& reading);
  void count_in(const ScalePool& pool, const ScaleMember& member, bool serves, Instant now,
                sched::KindReading& kind);
  double load_of(const ScalePool& pool, const ScaleMember& member, double busy, const Vitals& vitals) const;

  const ledger::Ledger& ledger_;
  std::deque<Counted> counted_;
  std::map<ledger::ServerId, Instant> seen_;  // since when servers elsewhere serve
};

}  // namespace finishline::control
