#include "lb/sched/min_makespan.h"

#include <algorithm>

#include "lb/sched/scan.h"

namespace finishline::sched {
namespace {

/// The latest finish that counts: see the header. Each look leaves at least one server more out of account.
std::int64_t latest_that_counts(const PoolView& view, const Scan& scan, Load load) {
  constexpr double kFar = 2;     // times what the others have before them on average
  constexpr int kMostLooks = 8;  // at finish times that thin out so slowly, none counts
  const std::int64_t now = view.now.time_since_epoch().count();
  for (int looks = 0; load.latest > now; ++looks) {
    const auto ahead = static_cast<double>(load.latest - now);
    const double others = load.backlog - ahead;  // of all together
    if (others <= 0) return now;                 // whoever else there is has nothing before it
    const double wide = load.servers - 1;
    if (ahead * wide <= kFar * others) return load.latest;
    if (looks == kMostLooks) return now;
    const auto far = static_cast<std::int64_t>(kFar * others / wide);
    load = scan.load(view, now + std::min(far, load.latest - now - 1));
  }
  return now;
}

}  // namespace

// The latest finish after an assignment is the larger of the latest before it and the job's completion.
// So a job that can be hidden behind the latest finish costs nothing but its work; and where none can,
// the earliest completion raises the latest finish least. In an idle pool that is the cheapest server's.
std::optional<std::size_t> MinMakespan::pick(const PoolView& view, const Job& job, Random& random) {
  const Scan& scan = scan_for(view.size());
  const Load all = scan.load(view, kUnavailable - 1);
  const bool idle = all.latest == view.now.time_since_epoch().count();

  double cost = idle ? scan.cheapest(view) : scan.cheapest_by(view, job, latest_that_counts(view, scan, all));
  if (cost == kNoCost) cost = scan.cheapest_soonest(view, job);
  return pick_earliest(view, cost, random);
}

}  // namespace finishline::sched
