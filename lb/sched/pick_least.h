// The search that most policies share: least key wins, chance decides among equals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "lb/sched/policy.h"

namespace finishline::sched {

/// The position of the least key among the servers that can do the job; nothing when none can. Equals are
/// kept with the same probability each (reservoir of one, Vitter, TOMS 1985), never by their index: with
/// several proxies a fixed order herds. Draws from `random` only where there is a tie.
/// `key_of(server)` is asked once for each server for which view.can() holds.
template <class KeyOf>
std::optional<std::size_t> pick_least(const PoolView& view, Random& random, KeyOf&& key_of) {
  using Key = decltype(key_of(std::size_t{}));
  Key least{};
  std::size_t choice = 0;
  std::uint32_t equals = 0;
  for (std::size_t server = 0; server < view.size(); ++server) {
    if (!view.can(server)) continue;
    const Key key = key_of(server);
    if (equals == 0 || key < least) {
      least = key;
      choice = server;
      equals = 1;
    } else if (key == least && random.below(++equals) == 0) {
      choice = server;
    }
  }
  return equals == 0 ? std::nullopt : std::optional(choice);
}

}  // namespace finishline::sched
