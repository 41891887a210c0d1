#include "lb/sched/random_choice.h"

namespace finishline::sched {

std::optional<std::size_t> RandomChoice::pick(const PoolView& view, const Job& /*job*/, Random& random) {
  std::uint32_t able = 0;
  for (std::size_t server = 0; server < view.size(); ++server) able += view.can(server);
  if (able == 0) return std::nullopt;
  std::uint32_t skip = random.below(able);
  std::size_t server = 0;
  while (!view.can(server) || skip-- > 0) ++server;
  return server;
}

}  // namespace finishline::sched
