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

/// Of one histogram in which much happens: some twenty buckets in each slot that is kept.
constexpr std::int64_t bytes_per_histogram() { return bytes_per_series() / 4 * 20 * 3; }

/// What all series come to once the oldest tier is full, as lb/control/samples.cc makes them.
constexpr std::uint64_t bytes_of(std::uint64_t servers, std::uint64_t pools, std::uint64_t types,
                                 std::uint64_t workers) {
  const std::uint64_t series = 4 + types + pools * (6 + types) + 7 * servers + 2 * (workers + 2);
  const std::uint64_t histograms = 2 + types + pools * (1 + types) + servers;
  return series * static_cast<std::uint64_t>(bytes_per_series()) +
         histograms * static_cast<std::uint64_t>(bytes_per_histogram());
}

}  // namespace finishline::history
