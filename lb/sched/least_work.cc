#include "lb/sched/least_work.h"

#include "lb/sched/pick_least.h"

namespace finishline::sched {
namespace {

/// By what the job takes longer there because the server does not count in full; among equals such a server
/// comes last.
Rank handicap(const PoolView& view, const Job& job, std::size_t server) {
  const double lost = 1 - view.share_of(server);
  return {static_cast<std::int64_t>(static_cast<double>(view.service(server, job)) * lost), lost > 0};
}

}  // namespace

std::optional<std::size_t> LeastWork::pick(const PoolView& view, const Job& job, Random& random) {
  if (view.share.empty())
    return pick_least(view, random, [&](std::size_t server) { return Rank{view.finish[server], 0}; });
  return pick_least(view, random, [&](std::size_t server) {
    const Rank more = handicap(view, job, server);
    return Rank{view.finish[server] + more.first, more.second};
  });
}

}  // namespace finishline::sched
