#include "client/histogram_chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <span>
#include <vector>

#include "client/table.h"
#include "proto/quantity.h"

namespace finishline::client {
namespace {

constexpr std::size_t kMostLines = 14;
constexpr std::size_t kBarWidth = 40;

// Round numbers of a decade, from fine to coarse.
constexpr std::array<double, 12> kFine{1, 1.2, 1.5, 1.8, 2, 2.5, 3, 4, 5, 6, 7, 8};
constexpr std::array<double, 6> kMiddle{1, 1.5, 2, 3, 5, 7};
constexpr std::array<double, 3> kCoarse{1, 2, 5};

/// The ends of ranges, rising: the first holds `least`, the last `most`.
std::vector<Nanos> ends_of(std::span<const double> decade, Nanos least, Nanos most) {
  std::vector<Nanos> ends;
  for (double power = 1; ends.empty() || ends.back() < most; power *= 10)
    for (const double part : decade) {
      const Nanos end{std::llround(part * power)};
      if (end >= least && (ends.empty() || (ends.back() < most && end > ends.back()))) ends.push_back(end);
    }
  return ends;
}

std::vector<Nanos> fitting_ends(Nanos least, Nanos most) {
  for (const std::span<const double> decade :
       {std::span<const double>(kFine), std::span<const double>(kMiddle)}) {
    auto ends = ends_of(decade, least, most);
    if (ends.size() <= kMostLines) return ends;
  }
  return ends_of(kCoarse, least, most);
}

std::string share_of(std::uint64_t count, std::uint64_t all) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %%",
                100 * static_cast<double>(count) / static_cast<double>(all));
  return text.data();
}

}  // namespace

std::string histogram_chart(const Histogram& histogram) {
  const auto buckets = histogram.buckets();
  if (buckets.empty()) return {};
  const auto ends = fitting_ends(std::max(buckets.front().at_most, 1ns), histogram.max());
  std::vector<std::uint64_t> counts(ends.size());
  for (const Histogram::Bucket& bucket : buckets)
    counts[static_cast<std::size_t>(std::ranges::lower_bound(ends, bucket.at_most) - ends.begin())] +=
        bucket.count;
  const std::uint64_t highest = *std::ranges::max_element(counts);
  Table table(0);
  table.add({"latency at most", "requests", "share", ""});
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto width = static_cast<std::size_t>(
        std::ceil(kBarWidth * static_cast<double>(counts[i]) / static_cast<double>(highest)));
    table.add({human(ends[i]), human_count(counts[i]), share_of(counts[i], histogram.count()),
               std::string(width, '#') + std::string(kBarWidth - width, ' ')});
  }
  return "\n" + table.text();
}

}  // namespace finishline::client
