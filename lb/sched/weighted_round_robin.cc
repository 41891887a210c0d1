#include "lb/sched/weighted_round_robin.h"

namespace finishline::sched {
namespace {

/// How many turns may be passed over at the beginning.
constexpr std::uint32_t kFirstTurns = 64;

}  // namespace

std::optional<std::size_t> WeightedRoundRobin::pick(const PoolView& view, const Job& /*job*/,
                                                    Random& random) {
  if (earned_.size() != view.size()) begin(view, random);
  return turn(view);
}

void WeightedRoundRobin::begin(const PoolView& view, Random& random) {
  earned_.assign(view.size(), 0);
  after_ = earned_;
  for (std::uint32_t skip = random.below(kFirstTurns); skip > 0; --skip) {
    if (const auto server = turn(view)) picked(*server);
  }
}

std::optional<std::size_t> WeightedRoundRobin::turn(const PoolView& view) {
  std::optional<std::size_t> richest;
  double sum = 0;
  for (std::size_t server = 0; server < view.size(); ++server) {
    after_[server] = earned_[server];
    if (!view.can(server)) continue;
    const double income = view.weight[server] * view.share_of(server);
    sum += income;
    after_[server] += income;
    if (!richest || after_[server] > after_[*richest]) richest = server;
  }
  if (richest) after_[*richest] -= sum;
  return richest;
}

}  // namespace finishline::sched
