#include "lb/history/sample.h"

#include <algorithm>
#include <limits>

namespace finishline::history {

BucketCounts counts_of(const model::LatencyHistogram& histogram) {
  BucketCounts counts;
  if (histogram.count() == 0) return counts;
  for (std::size_t i = 0; i < model::LatencyBuckets::kCount; ++i) {
    const std::uint64_t n = histogram.count_in(i);
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
    if (n != 0)
      counts.counts.emplace_back(static_cast<std::uint16_t>(i),
                                 static_cast<std::uint32_t>(std::min(n, kMost)));
  }
  return counts;
}

void add_to(model::LatencyHistogram& histogram, const BucketCounts& counts) {
  for (const auto& [bucket, n] : counts.counts)
    if (bucket < model::LatencyBuckets::kCount) histogram.add(bucket, n);
}

void add_to(BucketCounts& to, const BucketCounts& counts) {
  BucketCounts sum;
  auto a = to.counts.begin();
  auto b = counts.counts.begin();
  while (a != to.counts.end() || b != counts.counts.end()) {
    const bool take_a = b == counts.counts.end() || (a != to.counts.end() && a->first <= b->first);
    const bool take_b = a == to.counts.end() || (b != counts.counts.end() && b->first <= a->first);
    const std::uint16_t bucket = take_a ? a->first : b->first;
    sum.counts.emplace_back(bucket, (take_a ? a->second : 0) + (take_b ? b->second : 0));
    if (take_a) ++a;
    if (take_b) ++b;
  }
  to = std::move(sum);
}

std::optional<Percentile> percentile_in(std::string_view name) {
  for (const auto& [suffix, part] :
       {std::pair<std::string_view, double>{".p50", 0.5}, {".p95", 0.95}, {".p99", 0.99}})
    if (name.size() > suffix.size() && name.ends_with(suffix))
      return Percentile{name.substr(0, name.size() - 4), part};
  return std::nullopt;
}

}  // namespace finishline::history
