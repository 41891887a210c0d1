#include "client/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace finishline::client {

Histogram::Histogram() : buckets_(kBuckets) {}

std::size_t Histogram::bucket_of(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  const unsigned width = static_cast<unsigned>(std::bit_width(bits));
  const unsigned shift = width > kSubBits + 1 ? width - (kSubBits + 1) : 0;
  return (std::size_t{shift} << kSubBits) + (bits >> shift);
}

std::int64_t Histogram::last_of(std::size_t bucket) {
  if (bucket < (2U << kSubBits)) return static_cast<std::int64_t>(bucket);
  const std::size_t shift = (bucket >> kSubBits) - 1;
  const std::uint64_t top = bucket - (shift << kSubBits);
  return static_cast<std::int64_t>(((top + 1) << shift) - 1);
}

void Histogram::record(Nanos value) {
  const std::int64_t ns = std::max<std::int64_t>(value.count(), 0);
  ++buckets_[bucket_of(ns)];
  ++count_;
  max_ = std::max(max_, ns);
  sum_ += static_cast<double>(ns);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

std::vector<Histogram::Bucket> Histogram::buckets() const {
  std::vector<Bucket> filled;
  for (std::size_t i = 0; i < kBuckets; ++i)
    if (buckets_[i] > 0) filled.push_back({Nanos{std::min(last_of(i), max_)}, buckets_[i]});
  return filled;
}

Nanos Histogram::mean() const {
  return count_ == 0 ? 0ns : Nanos{std::llround(sum_ / static_cast<double>(count_))};
}

Nanos Histogram::percentile(double percent) const {
  if (count_ == 0) return 0ns;
  const double rank = std::ceil(percent / 100.0 * static_cast<double>(count_));
  const auto wanted = std::max<std::uint64_t>(static_cast<std::uint64_t>(rank), 1);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= wanted) return Nanos{std::min(last_of(i), max_)};
  }
  return Nanos{max_};
}

}  // namespace finishline::client
