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

/// What there are series of.
struct Subjects {
  std::uint64_t servers = 0, pools = 0, types = 0, workers = 0, listeners = 0, protocols = 0;
};

/// How many series of values lb/control/samples.cc makes at most.
constexpr std::uint64_t series_of(const Subjects& it) {
  constexpr std::uint64_t kOfAll = 6, kProcesses = 2;  // requests, ..., idle; master and control
  return kOfAll + it.types + it.pools * (6 + it.types) + 6 * it.servers + 4 * it.listeners +
         3 * it.protocols + 2 * (it.workers + kProcesses);
}

/// What all series come to once the oldest tier is full.
constexpr std::uint64_t bytes_of(const Subjects& it) {
  const std::uint64_t series = series_of(it);
  const std::uint64_t histograms = 2 + it.types + it.pools * (1 + it.types) + it.servers;
  return series * static_cast<std::uint64_t>(bytes_per_series()) +
         histograms * static_cast<std::uint64_t>(bytes_per_histogram());
}

}  // namespace finishline::history
