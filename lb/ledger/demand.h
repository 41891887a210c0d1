// What waits in the proxy for each pool, told by the workers to each other in a few numbers, so that a server
// that has room is given the request that all of them together would choose (sched/matching.h). Worker
// processes; the plan by control; no clock.
//
//   waiting types of pool p:   | w0: V.M | w1: ... | w2: V.. |    a bit per type; most say nothing
//   lane of (p, w2, V):        first key, first length, longest, count, volume ...     one cache line
//
// All of this are hints. Only the compare-and-swap of a server's finish word gives room there, and only the
// worker that holds a request sends it. So who finds that the next request is another's calls that worker,
// which looks for itself. No hint that matters is missed: who begins to wait shows it, then looks for room
// again; who makes room makes it, then looks who waits. Between the two steps of each stands a fence, so at
// least one sees the other. A worker that does not come when called is left out for a while; what a dead one
// has shown reclaim() takes away.
#pragma once

#include <cstdint>
#include <vector>

#include "lb/ledger/cell.h"
#include "lb/ledger/ledger.h"
#include "lb/ledger/nodes.h"
#include "lb/ledger/pool_row.h"
#include "lb/sched/pool_plan.h"
#include "lb/sched/wait_lane.h"

namespace finishline::ledger {

/// Pools whose row is below this share their demand; in others each worker knows of its own alone.
inline constexpr PoolId kSharingPools = 256;
inline constexpr std::size_t kDemandTypes = 64;

/// One pool as one worker shows it and sees it. Types are below kDemandTypes.
class Demand {
 public:
  /// The ledger outlives it. What a worker of this id showed before is taken away.
  Demand(Ledger& ledger, PoolId pool, WorkerId self);

  /// What waits here of `lane.type`. To be followed by a look for room when it returns true: nothing of that
  /// type did before.
  bool show(const sched::WaitLane& lane);
  /// Nothing waits here any more, of any type.
  void clear();
  /// So much work of this type has come, whether it waits or not.
  void arrived(std::uint8_t type, std::uint32_t length);

  /// Comes between giving room at a server (or finding it) and asking who waits.
  static void made_room();
  /// Whether something waits anywhere, of any type or of this one.
  bool any() const { return waiting() != 0; }
  bool any(std::uint8_t type) const { return (waiting() >> type & 1) != 0; }
  /// Adds the lanes of all other workers in which something waits, of types below `types`.
  void read_others(std::size_t types, std::vector<sched::WaitLane>& lanes) const;

  /// Lanes of workers from this id on are of other proxies.
  WorkerId first_remote() const;
  Sharing sharing() const;
  /// How many requests that worker has ever sent to that server.
  std::int64_t sent(WorkerId worker, ServerId server) const;

  /// What control has planned last; `seen` is the number of the plan that the caller knows. Nothing new:
  /// false.
  bool read_plan(std::uint32_t& seen, sched::PoolPlan& plan) const;

 private:
  /// By all, a bit per type.
  std::uint64_t waiting() const;

  Layout* layout_;                              // borrowed; nullptr for a pool that does not share
  const Cell<std::uint64_t>* types_ = nullptr;  // what waits there, by worker
  PoolId pool_;
  WorkerId self_;
  std::uint64_t shown_ = 0;  // our own bits
};

/// "Look who waits": a flag per worker beside its bell (process/doorbell.h), which need not be rung twice.
class Calls {
 public:
  Calls(Ledger& ledger, WorkerId self) : layout_(&ledger.layout()), self_(self) {}

  /// True when its bell has to be rung: nobody has called it since it last looked.
  bool call(WorkerId worker) const;
  /// Whether somebody has called since the last time.
  bool take() const;

 private:
  Layout* layout_;
  WorkerId self_;
};

/// What control sums up of one pool, to plan by.
struct DemandSum {
  // By type, in units of length: what waits; what has come, and in how many requests, since the ledger was
  // made.
  std::vector<double> waiting;
  std::vector<std::uint64_t> arrived, requests;
  std::vector<std::uint64_t> counts;  // requests that wait
  bool any() const;                   // waits
};
DemandSum sum_demand(const Ledger& ledger, PoolId pool, std::size_t types);
/// Control only.
void write_plan(Ledger& ledger, PoolId pool, const sched::PoolPlan& plan);

/// As another proxy's: peer process only.
void show_lane(Layout& layout, WorkerId writer, PoolId pool, const sched::WaitLane& lane);
/// Whether anything waits in this worker.
bool anything_waits(const Ledger& ledger, WorkerId worker);
/// Requests that wait there.
std::uint64_t waiting_of(const Ledger& ledger, PoolId pool, WorkerId writer);

/// Takes away what a worker that runs no more has shown. Of reclaim().
void withdraw_demand(Layout& layout, WorkerId worker);

}  // namespace finishline::ledger
