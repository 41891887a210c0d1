// Histograms of durations with a bounded relative error: the arithmetic of their buckets, and one that has
// been read. Pure.
//
// Buckets are log-linear: each octave from 512 ns to 2.4 h is cut into 32 equal buckets, so a bucket is at
// most 1/32 of what lies in it wide, and its middle at most 1/64 off. The upper bound belongs to a bucket, as
// in Prometheus. The first bucket also takes all that is shorter, the last one all that is longer.
//
//    ]0 528] ]528 544] ... ]1008 1024] | ]1024 1056] ... | ... 2^43 ns
//    width 16                          | width 32        |
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "proto/units.h"

namespace finishline::model {

struct LatencyBuckets {
  static constexpr unsigned kSubBits = 5;
  static constexpr unsigned kFirstOctave = 9;  // begins at 2^9 ns
  static constexpr unsigned kOctaves = 34;
  static constexpr std::size_t kPerOctave = std::size_t{1} << kSubBits;
  static constexpr std::size_t kCount = kOctaves * kPerOctave;
  /// Of middle_of(bucket_of(value)) for values from kShortest to kLongest.
  static constexpr double kRelativeError = 1.0 / 64;
  static constexpr Nanos kShortest{std::int64_t{1} << kFirstOctave};
  static constexpr Nanos kLongest{std::int64_t{1} << (kFirstOctave + kOctaves)};

  static constexpr std::size_t bucket_of(Nanos value) {
    const std::int64_t within = std::clamp(value.count(), kShortest.count() + 1, kLongest.count());
    const auto below = static_cast<std::uint64_t>(within - 1);
    const unsigned octave = static_cast<unsigned>(std::bit_width(below)) - 1;
    return (std::size_t{octave} << kSubBits) + (below >> (octave - kSubBits)) -
           (std::size_t{kFirstOctave + 1} << kSubBits);
  }
  /// Values in a bucket are above its lower bound and at most its upper one.
  static constexpr Nanos lower_bound(std::size_t bucket) {
    const std::size_t octave = bucket >> kSubBits, step = bucket % kPerOctave;
    return Nanos{static_cast<std::int64_t>((kPerOctave + step) << (octave + kFirstOctave - kSubBits))};
  }
  static constexpr Nanos upper_bound(std::size_t bucket) {
    return lower_bound(bucket) + Nanos{std::int64_t{1} << ((bucket >> kSubBits) + kFirstOctave - kSubBits)};
  }
  /// What stands for the values of a bucket; 0 for the first: most of what is so short is nothing.
  static constexpr Nanos middle_of(std::size_t bucket) {
    if (bucket == 0) return Nanos{0};
    return (lower_bound(bucket) + upper_bound(bucket)) / 2;
  }
};

/// How many histograms are kept in shared memory: one for each worker and server, and for each worker some
/// for pools and request types; 16 thousand are enough for 1,024 servers and 16 workers.
constexpr std::uint32_t latency_blocks(std::uint32_t max_workers, std::uint32_t max_servers) {
  constexpr std::uint64_t kBesideServers = 512, kMost = 65536;
  return static_cast<std::uint32_t>(std::min(max_workers * (max_servers + kBesideServers), kMost));
}
/// What one of them takes at most, with its entry in the directory.
inline constexpr std::size_t kLatencyBlockBytes = LatencyBuckets::kCount * sizeof(std::uint64_t) + 16;
/// Of one pool and request type, and of one pool of streams: ledger::Latency.
inline constexpr std::size_t kRequestLatencies = 4, kStreamLatencies = 2;

/// Takes memory once something is in it.
class LatencyHistogram {
 public:
  void add(std::size_t bucket, std::uint64_t n) {
    if (n == 0) return;
    if (buckets_.empty()) buckets_.resize(LatencyBuckets::kCount);
    buckets_[bucket] += n;
    count_ += n;
  }
  void merge(const LatencyHistogram& other) {
    for (std::size_t i = 0; i < other.buckets_.size(); ++i) add(i, other.buckets_[i]);
  }

  /// What has come since `earlier`, which this one has been; all of it where that cannot be.
  LatencyHistogram since(const LatencyHistogram& earlier) const {
    if (earlier.count_ > count_) return *this;
    LatencyHistogram fresh;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      const std::uint64_t before = i < earlier.buckets_.size() ? earlier.buckets_[i] : 0;
      fresh.add(i, buckets_[i] > before ? buckets_[i] - before : 0);
    }
    return fresh;
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t count_in(std::size_t bucket) const { return buckets_.empty() ? 0 : buckets_[bucket]; }
  /// Of all values, within kRelativeError; it never shrinks while values are added.
  Nanos sum() const {
    Nanos sum{};
    for (std::size_t i = 0; i < buckets_.size(); ++i)
      sum += static_cast<std::int64_t>(buckets_[i]) * LatencyBuckets::middle_of(i);
    return sum;
  }
  /// Values of at most `bound`, which is the upper bound of a bucket.
  std::uint64_t count_up_to(Nanos bound) const {
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < buckets_.size() && LatencyBuckets::upper_bound(i) <= bound; ++i)
      count += buckets_[i];
    return count;
  }
  /// The value that this part of all values, in [0, 1], does not exceed, within kRelativeError; nothing where
  /// there are none.
  std::optional<Nanos> quantile(double part) const {
    if (count_ == 0) return std::nullopt;
    const auto wanted = static_cast<std::uint64_t>(part * static_cast<double>(count_ - 1)) + 1;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i)
      if ((seen += buckets_[i]) >= wanted) return LatencyBuckets::middle_of(i);
    return LatencyBuckets::kLongest;
  }

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
};

}  // namespace finishline::model
