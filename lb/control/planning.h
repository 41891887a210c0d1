// Plans for what waits: every few milliseconds the control process works out what the time of each kind of
// server is worth, and tells the workers, so that they weigh waiting requests alike (sched/planner.h). An
// old plan is as safe as a new one, so a control process that is slow or gone costs nobody a request.
#pragma once

#include <memory>
#include <vector>

#include "lb/ledger/ledger.h"
#include "lb/ledger/pool_row.h"
#include "lb/net/timer.h"
#include "lb/sched/planner.h"

namespace finishline::control {

class Planning {
 public:
  /// A pool in which requests wait for room.
  struct PlannedPool {
    ledger::PoolId row = 0;
    std::vector<ledger::ServerId> servers;  // by position
    sched::PoolCosts costs;                 // of these, as declared
    bool learns = false;                    // what is learned holds instead
    std::size_t lanes_per_type = 1;         // of `costs`, see sched::pool_costs
  };

  /// What workers go by now: costs as learned where the pool learns and something is known, else as declared.
  static sched::PoolCosts costs_now(const ledger::Ledger& ledger, const PlannedPool& pool);

  /// The ledger outlives it.
  Planning(net::Loop& loop, ledger::Ledger& ledger, std::vector<PlannedPool> pools);
  /// Of another configuration. What was seen of the load of a pool that stays counts on.
  void change_to(std::vector<PlannedPool> pools);

  /// Plans, and sets the timer that does so again: soon while anything waits or comes.
  void tick();

 private:
  static constexpr Nanos kBusy = 5ms;
  static constexpr Nanos kQuiet = 100ms;

  struct Planned {
    PlannedPool pool;
    sched::Planner planner;
    std::uint64_t requests = 0;  // that had come by the last plan
    sched::PoolPlan plan{};      // the last one
    std::uint32_t costs = 0;     // the revision that it is planned by; 0: what is declared
  };
  std::unique_ptr<Planned> take(PlannedPool& pool);
  void follow_costs(Planned& planned);
  bool plan(Planned& planned, Instant now);
  std::vector<std::int64_t> finish_times(const PlannedPool& pool, Instant now) const;

  net::Loop& loop_;
  ledger::Ledger& ledger_;
  std::vector<std::unique_ptr<Planned>> pools_;
  net::Timer timer_;
};

}  // namespace finishline::control
