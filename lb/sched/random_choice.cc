#include "lb/sched/random_choice.h"

#include "lb/sched/draw.h"

namespace finishline::sched {

std::optional<std::size_t> RandomChoice::pick(const PoolView& view, const Job& /*job*/, Random& random) {
  return view.share.empty() ? draw(view, random) : draw_by_share(view, random);
}

}  // namespace finishline::sched
