// What somebody else has measured of a series before this proxy did, and what of it a tier keeps. Pure.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lb/history/tier.h"

namespace finishline::history {

/// What becomes of values where other ones are known already.
enum class Overlap : std::uint8_t {
  refuse,   // nothing is kept of all of them
  keep,     // those that were known stay
  replace,  // the new ones stand
};
std::optional<Overlap> overlap_named(std::string_view name);

struct PastValue {
  std::int64_t time = 0;  // Unix seconds
  double value = 0;
};

/// Each value holds for `step` seconds, or until the next.
struct PastValues {
  std::string series;
  std::int64_t step = 1;
  std::vector<PastValue> values{};  // by time, rising
  std::int64_t from = 0;            // slots that do not lie within these are left alone
  std::int64_t to = std::numeric_limits<std::int64_t>::max();
};

struct SlotValue {
  std::int64_t start = 0;
  float value = 0;
};

/// The mean of each slot that they cover by half or more, by time: of those that are over by `now`, and that
/// the tier still keeps.
std::vector<SlotValue> slots_of(const PastValues& past, const Tier& tier, std::int64_t now);

/// What came of it.
struct PastOutcome {
  std::string problem{};          // why nothing was written; "": all went well
  std::int64_t from = 0, to = 0;  // of what is kept now, or would be; 0: nothing of it
  std::int64_t overlap_from = 0;  // where other values were known first, and how many seconds of them
  std::int64_t overlap_s = 0;
};

}  // namespace finishline::history
