#include "lb/sched/min_makespan.h"

#include <algorithm>
#include <limits>

#include "lb/sched/pick_least.h"

namespace finishline::sched {
namespace {

/// The latest finish of all servers that take work, whether they can do this job or not.
std::int64_t latest_finish(const PoolView& view) {
  std::int64_t latest = view.now.time_since_epoch().count();
  for (const std::int64_t finish : view.finish) latest = std::max(latest, finish == kUnavailable ? latest : finish);
  return latest;
}

/// Among the servers that would complete the job by `latest` the cheapest, then the one with the earliest
/// finish; nothing when there is none. The service time is computed last, for the few that would win.
std::optional<std::size_t> cheapest_by(std::int64_t latest, const PoolView& view, const Job& job, Random& random) {
  double cost = std::numeric_limits<double>::max();  // below that of a server that cannot
  std::int64_t finish = kUnavailable - 1;
  std::size_t choice = 0;
  std::uint32_t equals = 0;
  for (std::size_t server = 0; server < view.size(); ++server) {
    const double its_cost = view.nanos_per_unit[server];
    const std::int64_t its_finish = view.finish[server];
    if (!((its_cost < cost) | ((its_cost == cost) & (its_finish <= finish)))) continue;
    if (view.service(server, job) > latest - its_finish) continue;
    const bool equal = (its_cost == cost) & (its_finish == finish);
    equals = equal ? equals + 1 : 1;
    if (equal && random.below(equals) != 0) continue;
    cost = its_cost;
    finish = its_finish;
    choice = server;
  }
  return equals == 0 ? std::nullopt : std::optional(choice);
}

}  // namespace

// The latest finish after an assignment is the larger of the latest before it and the job's completion.
// So a job that can be hidden behind the latest finish costs nothing but its work; and where none can,
// the earliest completion raises the latest finish least.
std::optional<std::size_t> MinMakespan::pick(const PoolView& view, const Job& job, Random& random) {
  if (const auto hidden = cheapest_by(latest_finish(view), view, job, random)) return hidden;
  return pick_least(view, random, [&](std::size_t server) {
    return Rank{view.completion(server, job), view.service(server, job)};
  });
}

}  // namespace finishline::sched
