#include "lb/history/past_values.h"

#include <algorithm>

namespace finishline::history {
namespace {

/// What has come together in one slot.
struct Filling {
  std::int64_t start = -1;
  double sum = 0;
  std::int64_t seconds = 0;
};

}  // namespace

std::optional<Overlap> overlap_named(std::string_view name) {
  if (name == "refuse") return Overlap::refuse;
  if (name == "keep") return Overlap::keep;
  if (name == "replace") return Overlap::replace;
  return std::nullopt;
}

std::vector<SlotValue> slots_of(const PastValues& past, const Tier& tier, std::int64_t now) {
  const std::int64_t first = std::max(past.from, now - tier.kept), end = std::min(past.to, now);
  std::vector<SlotValue> slots;
  Filling slot;
  const auto close = [&] {
    const bool whole = slot.start >= first && slot.start + tier.step <= end;
    if (whole && 2 * slot.seconds >= tier.step)
      slots.push_back({slot.start, static_cast<float>(slot.sum / static_cast<double>(slot.seconds))});
  };
  for (std::size_t i = 0; i < past.values.size(); ++i) {
    const auto& [begin, value] = past.values[i];
    const std::int64_t next = i + 1 < past.values.size() ? past.values[i + 1].time : begin + past.step;
    const std::int64_t until = std::min({begin + past.step, next, end});
    for (std::int64_t at = std::max(begin, first - first % tier.step); at < until;) {
      const std::int64_t start = at - at % tier.step, stop = std::min(start + tier.step, until);
      if (start != slot.start) {
        close();
        slot = {.start = start};
      }
      slot.sum += value * static_cast<double>(stop - at);
      slot.seconds += stop - at;
      at = stop;
    }
  }
  close();
  return slots;
}

}  // namespace finishline::history
