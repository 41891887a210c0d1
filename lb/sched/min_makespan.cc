#include "lb/sched/min_makespan.h"

#include <algorithm>
#include <limits>

#include "lb/sched/pick_least.h"

namespace finishline::sched {
namespace {

/// The latest finish of all servers that take work, whether they can do this job or not; not before now.
std::int64_t latest_finish(const PoolView& view) {
  std::int64_t latest = view.now.time_since_epoch().count();
  for (const std::int64_t finish : view.finish)
    latest = std::max(latest, finish == kUnavailable ? 0 : finish);
  return latest;
}

/// Among the servers that would complete the job by `latest` the cheapest, then the one with the earliest
/// finish, then chance; nothing when there is none. The service time is computed last, for the few that
/// would win; what equals the winner in cost and finish completes in time like it.
std::optional<std::size_t> cheapest_by(std::int64_t latest, const PoolView& view, const Job& job,
                                       Random& random) {
  double cost = std::numeric_limits<double>::infinity();
  std::int64_t finish = -1;
  std::size_t first = 0;
  std::uint32_t equals = 0;
  const auto is_equal = [&](std::size_t server) {
    return view.nanos_per_unit[server] == cost && view.finish[server] == finish;
  };
  for (std::size_t server = 0; server < view.size(); ++server) {
    const double its_cost = view.nanos_per_unit[server];
    const std::int64_t its_finish = view.finish[server];
    if (its_cost < cost || (its_cost == cost && its_finish < finish)) {
      if (view.service(server, job) > latest - its_finish) continue;
      cost = its_cost;
      finish = its_finish;
      first = server;
      equals = 1;
    } else {
      equals += is_equal(server);
    }
  }
  return equals == 0 ? std::nullopt : std::optional(one_of(equals, first, random, is_equal));
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
