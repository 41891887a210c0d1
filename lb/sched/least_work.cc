#include "lb/sched/least_work.h"

#include "lb/sched/pick_least.h"

namespace finishline::sched {

std::optional<std::size_t> LeastWork::pick(const PoolView& view, const Job& /*job*/, Random& random) {
  return pick_least(view, random, [&](std::size_t server) { return Rank{view.finish[server]}; });
}

}  // namespace finishline::sched
