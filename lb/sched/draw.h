// Servers drawn by chance.
#pragma once

#include <cstddef>
#include <optional>

#include "lb/sched/policy.h"

namespace finishline::sched {

inline constexpr std::size_t kNone = static_cast<std::size_t>(-1);

/// One of the servers that can do the job, each with the same chance; `except` does not count. Nothing when
/// none can. Where most can, a draw looks at few of them.
std::optional<std::size_t> draw(const PoolView& view, Random& random, std::size_t except = kNone);
/// Each with a chance in proportion to its share.
std::optional<std::size_t> draw_by_share(const PoolView& view, Random& random);

}  // namespace finishline::sched
