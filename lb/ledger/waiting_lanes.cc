#include "lb/ledger/waiting_lanes.h"

#include "lb/ledger/layout.h"
#include "lb/ledger/worker_status.h"

namespace finishline::ledger {

std::vector<sched::WaitLane> waiting_lanes(const Ledger& ledger, PoolId pool, std::size_t types) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  std::vector<sched::WaitLane> lanes;
  if (pool >= kSharingPools) return lanes;
  const Layout& layout = ledger.layout();
  for (WorkerId worker = 0; worker < worker_limit(ledger); ++worker) {
    const std::uint64_t bits = layout.waiting_types(pool, worker).load(std::memory_order_acquire);
    for (std::uint8_t type = 0; type < types && type < kDemandTypes; ++type) {
      if ((bits >> type & 1U) == 0) continue;
      const LaneRow& row = layout.lane(worker, pool, type);
      lanes.push_back({.head_key = row.head_key.load(kRelaxed),
                       .urgent_start = row.urgent_start.load(kRelaxed),
                       .volume = row.volume.load(kRelaxed),
                       .count = row.count.load(kRelaxed),
                       .head_length = row.head_length.load(kRelaxed),
                       .longest = row.longest.load(kRelaxed),
                       .worker = static_cast<std::uint16_t>(worker),
                       .type = type});
    }
  }
  return lanes;
}

}  // namespace finishline::ledger
