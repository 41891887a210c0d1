// The finish time of a server that takes no work: what the ledger writes into the columns of a view, and
// policies read there. Pure.
#pragma once

#include <cstdint>
#include <limits>

namespace finishline::sched {

/// Of a server that is down, that drains, or that has no link; behind any time at which one finishes.
inline constexpr std::int64_t kUnavailable = std::numeric_limits<std::int64_t>::max();

}  // namespace finishline::sched
