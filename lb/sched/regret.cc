#include "lb/sched/regret.h"

#include <algorithm>

#include "lb/sched/pick_least.h"

namespace finishline::sched {
namespace {

/// Far above any real penalty, and far from overflow when a completion is added.
constexpr double kMaxPenalty = 0x1p60;

/// Over the servers that take work now: a cheap server that is down is no alternative to regret.
std::int64_t cheapest_service(const PoolView& view, const Job& job) {
  std::int64_t cheapest = kUnavailable;
  for (std::size_t server = 0; server < view.size(); ++server) {
    if (view.can(server)) cheapest = std::min(cheapest, view.service(server, job));
  }
  return cheapest;
}

}  // namespace

std::optional<std::size_t> Regret::pick(const PoolView& view, const Job& job, Random& random) {
  const std::int64_t cheapest = cheapest_service(view, job);
  return pick_least(view, random, [&](std::size_t server) {
    const std::int64_t service = view.service(server, job);
    const auto penalty =
        static_cast<std::int64_t>(std::min(gamma_ * static_cast<double>(service - cheapest), kMaxPenalty));
    return Rank{view.completion(server, job) + penalty, service};
  });
}

}  // namespace finishline::sched
