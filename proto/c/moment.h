// Moments that may never come. Pure.
#pragma once

#include <optional>

#include "proto/units.h"

namespace finishline::clib {

/// No Instant is later.
inline constexpr Instant kNever = Instant::max();
/// `span` after `now`, or kNever.
constexpr Instant after(Instant now, std::optional<Nanos> span) {
  return span && *span < kNever - now ? now + *span : kNever;
}

inline Instant clock_now() { return std::chrono::steady_clock::now(); }

}  // namespace finishline::clib
