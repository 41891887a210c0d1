// What waits of one type at one worker, in a few numbers: what a worker tells the others, and what the rule
// (matching.h) chooses among. It may be old: it is a hint, and whoever is called looks again at its own
// queue.
#pragma once

#include <cstdint>
#include <limits>

namespace finishline::sched {

/// Later than every key and every start.
inline constexpr std::int64_t kNoKey = std::numeric_limits<std::int64_t>::max();

/// Times in ns of the Instant clock, lengths and volume in units. Without waiting requests `count` is 0.
struct WaitLane {
  std::int64_t head_key = kNoKey;      // least key of all
  std::int64_t urgent_start = kNoKey;  // earliest latest start of all that have a deadline
  std::uint64_t volume = 0;            // sum of the lengths
  std::uint32_t count = 0;
  std::uint32_t head_length = 0;
  std::uint32_t longest = 0;        // to an eighth, see LengthClasses
  std::uint32_t shortest = 0;       // as well
  std::uint32_t urgent_length = 0;  // of the one with urgent_start
  std::uint16_t worker = 0;
  /// The request type, or what its caller tells apart: all of a lane can be done by the same servers, at the
  /// same cost per unit of length.
  std::uint8_t type = 0;

  bool operator==(const WaitLane&) const = default;
};

}  // namespace finishline::sched
