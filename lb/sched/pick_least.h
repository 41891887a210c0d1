// The search that most policies share: the least rank wins, chance decides among equals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "lb/sched/policy.h"

namespace finishline::sched {

/// What a rule compares: `first`, and where that is equal `second`. The default is above every other.
template <class Number>
struct RankOf {
  Number first = std::numeric_limits<Number>::max();
  Number second = std::numeric_limits<Number>::max();

  bool operator==(const RankOf&) const = default;
  /// Without short circuit: over many servers the parts cannot be predicted, the whole seldom changes.
  bool operator<(const RankOf& other) const {
    return (first < other.first) | ((first == other.first) & (second < other.second));
  }
};
using Rank = RankOf<std::int64_t>;  // times in ns
using Score = RankOf<double>;

/// One of `equals` servers, each with the same chance, never in a fixed order: with several proxies that
/// herds. `first` is the first of them, `is_equal(server)` finds the others behind it. Draws one number where
/// there is a tie, none where there is not.
template <class IsEqual>
std::size_t one_of(std::uint32_t equals, std::size_t first, Random& random, IsEqual&& is_equal) {
  std::uint32_t skip = equals > 1 ? random.below(equals) : 0;
  std::size_t server = first;
  while (skip > 0) skip -= is_equal(++server);
  return server;
}

/// The position of the least rank among the `size` servers for which `can(server)` holds, chance deciding
/// among equals; nothing when it holds for none. `rank_of(server)` is asked only where it does.
template <class Can, class Ranking>
std::optional<std::size_t> pick_least(std::size_t size, Random& random, Can&& can, Ranking&& rank_of) {
  decltype(rank_of(std::size_t{})) least;
  std::size_t first = 0;
  std::uint32_t equals = 0;
  for (std::size_t server = 0; server < size; ++server) {
    if (!can(server)) continue;
    const auto rank = rank_of(server);
    if (rank < least) {
      least = rank;
      first = server;
      equals = 1;
    } else {
      equals += rank == least;
    }
  }
  if (equals == 0) return std::nullopt;
  return one_of(equals, first, random,
                [&](std::size_t server) { return can(server) && rank_of(server) == least; });
}

/// The same among the servers that can do the job.
template <class Ranking>
std::optional<std::size_t> pick_least(const PoolView& view, Random& random, Ranking&& rank_of) {
  return pick_least(
      view.size(), random, [&](std::size_t server) { return view.can(server); },
      std::forward<Ranking>(rank_of));
}

}  // namespace finishline::sched
