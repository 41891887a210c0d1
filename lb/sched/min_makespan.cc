#include "lb/sched/min_makespan.h"

#include <algorithm>
#include <tuple>

#include "lb/sched/pick_least.h"

namespace finishline::sched {
namespace {

/// The latest finish of all servers that take work, whether they can do this job or not. No assignment
/// can lower it, so after one it is the larger of this and the completion of the job.
std::int64_t latest_finish(const PoolView& view) {
  std::int64_t latest = view.now.time_since_epoch().count();
  for (const std::int64_t finish : view.finish) latest = std::max(latest, finish == kUnavailable ? latest : finish);
  return latest;
}

}  // namespace

std::optional<std::size_t> MinMakespan::pick(const PoolView& view, const Job& job, Random& random) {
  const std::int64_t latest = latest_finish(view);
  return pick_least(view, random, [&](std::size_t server) {
    return std::tuple(std::max(latest, view.completion(server, job)), view.service(server, job), view.finish[server]);
  });
}

}  // namespace finishline::sched
