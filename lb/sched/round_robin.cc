#include "lb/sched/round_robin.h"

namespace finishline::sched {
namespace {

/// A server that does not count in full takes its turn that often only.
bool takes_turn(const PoolView& view, std::size_t server, Random& random) {
  return view.share.empty() || random.unit() < view.share[server];
}

}  // namespace

std::optional<std::size_t> RoundRobin::pick(const PoolView& view, const Job& /*job*/, Random& random) {
  const std::size_t size = view.size();
  if (size == 0) return std::nullopt;
  if (!next_) next_ = random.below(static_cast<std::uint32_t>(size));
  std::size_t server = *next_ < size ? *next_ : 0;  // the pool may have shrunk
  std::optional<std::size_t> passed;                // the first that could, should none take its turn
  for (std::size_t seen = 0; seen < size; ++seen) {
    if (view.can(server)) {
      if (takes_turn(view, server, random)) return server;
      if (!passed) passed = server;
    }
    if (++server == size) server = 0;
  }
  return passed;
}

}  // namespace finishline::sched
