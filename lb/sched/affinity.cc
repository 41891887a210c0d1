#include "lb/sched/affinity.h"

#include "lb/sched/pick_least.h"

namespace finishline::sched {

std::optional<std::size_t> Affinity::pick(const PoolView& view, const Job& /*job*/, Random& random) {
  const std::int64_t now = view.now.time_since_epoch().count();
  return pick_least(view, random, [&](std::size_t server) {
    const double cost = view.nanos_per_unit[server];
    return Score{static_cast<double>(view.finish[server] - now) * cost, cost};
  });
}

}  // namespace finishline::sched
