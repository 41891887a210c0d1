#include "lb/sched/power_of_two.h"

#include "lb/sched/draw.h"

namespace finishline::sched {

std::optional<std::size_t> PowerOfTwo::pick(const PoolView& view, const Job& job, Random& random) {
  const auto one = draw(view, random);
  if (!one) return one;
  const auto other = draw(view, random, *one);
  if (!other) return one;
  const bool better = job.length > 0 ? view.completion(*other, job) < view.completion(*one, job)
                                     : view.crowding(*other) < view.crowding(*one);
  return better ? other : one;
}

}  // namespace finishline::sched
