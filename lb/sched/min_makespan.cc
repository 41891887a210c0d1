#include "lb/sched/min_makespan.h"

#include "lb/sched/scan.h"

namespace finishline::sched {

// The latest finish after an assignment is the larger of the latest before it and the job's completion.
// So a job that can be hidden behind the latest finish costs nothing but its work; and where none can,
// the earliest completion raises the latest finish least. In an idle pool that is the cheapest server's.
std::optional<std::size_t> MinMakespan::pick(const PoolView& view, const Job& job, Random& random) {
  const Scan& scan = scan_for(view.size());
  const std::int64_t latest = scan.latest_finish(view);
  const bool idle = latest == view.now.time_since_epoch().count();

  double cost = idle ? scan.cheapest(view) : scan.cheapest_by(view, job, latest);
  if (cost == kNoCost) cost = scan.cheapest_soonest(view, job);
  return pick_earliest(view, cost, random);
}

}  // namespace finishline::sched
