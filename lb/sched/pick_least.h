// The search that most policies share: the least rank wins, chance decides among equals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "lb/sched/policy.h"

namespace finishline::sched {

/// What a rule compares: `first`, and where that is equal `second`.
struct Rank {
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  std::int64_t second = 0;

  bool operator==(const Rank&) const = default;
  /// Without short circuit: over many servers the parts cannot be predicted, the whole seldom changes.
  bool operator<(const Rank& other) const {
    return (first < other.first) | ((first == other.first) & (second < other.second));
  }
};

/// The position of the least rank among the servers that can do the job; nothing when none can. All equals
/// have the same chance, never a fixed order: with several proxies that herds. One number is drawn from
/// `random` where there is a tie, none where there is not.
/// `rank_of(server)` is asked only where view.can() holds.
template <class RankOf>
std::optional<std::size_t> pick_least(const PoolView& view, Random& random, RankOf&& rank_of) {
  Rank least;
  std::size_t first = 0;
  std::uint32_t equals = 0;
  for (std::size_t server = 0; server < view.size(); ++server) {
    if (!view.can(server)) continue;
    const Rank rank = rank_of(server);
    if (rank < least) {
      least = rank;
      first = server;
      equals = 1;
    } else {
      equals += rank == least;
    }
  }
  if (equals == 0) return std::nullopt;
  if (equals == 1) return first;
  std::size_t server = first;
  for (std::uint32_t skip = random.below(equals); skip > 0;) {
    ++server;
    skip -= view.can(server) && rank_of(server) == least;
  }
  return server;
}

}  // namespace finishline::sched
