// How finely the past is kept on disk, and for how long.
#pragma once

#include <cstdint>
#include <string_view>

namespace finishline::history {

struct Tier {
  std::string_view name;
  std::int64_t step;   // seconds of a slot
  std::int64_t slots;  // of a block
  std::int64_t kept;   // seconds

  std::int64_t block_seconds() const { return step * slots; }
};

inline constexpr std::int64_t kDay = 86400;
inline constexpr Tier kTiers[] = {
    {"10s", 10, 360, kDay},
    {"1min", 60, 240, 31 * kDay},
    {"15min", 900, 192, 731 * kDay},
};

/// Bytes on disk of one series of values, at most: every slot that is kept, with the block begun at either
/// end.
constexpr std::int64_t bytes_per_series() {
  std::int64_t bytes = 0;
  for (const Tier& tier : kTiers) bytes += (tier.kept / tier.step + 2 * tier.slots) * 4;
  return bytes;
}

}  // namespace finishline::history
