#include "lb/sched/earliest_finish.h"

#include "lb/sched/pick_least.h"

namespace finishline::sched {

std::optional<std::size_t> EarliestFinish::pick(const PoolView& view, const Job& job, Random& random) {
  return pick_least(view, random, [&](std::size_t server) {
    return Rank{view.completion(server, job), view.service(server, job)};
  });
}

}  // namespace finishline::sched
