#include "lb/sched/round_robin.h"

namespace finishline::sched {

std::optional<std::size_t> RoundRobin::pick(const PoolView& view, const Job& /*job*/, Random& random) {
  const std::size_t size = view.size();
  if (size == 0) return std::nullopt;
  if (!next_) next_ = random.below(static_cast<std::uint32_t>(size));
  std::size_t server = *next_ < size ? *next_ : 0;  // the pool may have shrunk
  for (std::size_t seen = 0; seen < size; ++seen) {
    if (view.can(server)) return server;
    if (++server == size) server = 0;
  }
  return std::nullopt;
}

}  // namespace finishline::sched
