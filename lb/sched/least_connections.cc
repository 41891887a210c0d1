#include "lb/sched/least_connections.h"

#include "lb/sched/pick_least.h"

namespace finishline::sched {

std::optional<std::size_t> LeastConnections::pick(const PoolView& view, const Job& /*job*/, Random& random) {
  return pick_least(view, random, [&](std::size_t server) { return Score{view.crowding(server), 0}; });
}

}  // namespace finishline::sched
