// What waits for a pool, worker by worker, for those who only look (demand.h). Any process.
#pragma once

#include <vector>

#include "lb/ledger/ledger.h"
#include "lb/ledger/pool_row.h"
#include "lb/sched/wait_lane.h"

namespace finishline::ledger {

/// Of all workers and of types below `types`; empty ones are left out. A few microseconds old.
std::vector<sched::WaitLane> waiting_lanes(const Ledger& ledger, PoolId pool, std::size_t types);

}  // namespace finishline::ledger
