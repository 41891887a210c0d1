// A histogram of durations with bounded relative error. Pure.
//
// Buckets are log-linear, as in HdrHistogram (G. Tene): values below 256 ns have a bucket each, every
// octave above is cut into 128 equal buckets.
//
//    0 1 2 ... 255 | 256 258 ... 510 | 512 516 ... 1020 | 1024 ...
//    width 1       | width 2         | width 4          |
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "proto/units.h"

namespace finishline::client {

class Histogram {
 public:
  /// percentile() is never below the true value and above it by less than this part of it.
  static constexpr double kRelativeError = 1.0 / 128;

  Histogram();

  /// Negative spans count as 0.
  void record(Nanos value);
  void merge(const Histogram& other);

  /// Values that are at most `at_most` and above the bucket before.
  struct Bucket {
    Nanos at_most{};
    std::uint64_t count = 0;
  };
  /// Those that are not empty, in order; the last ends at max().
  std::vector<Bucket> buckets() const;

  std::uint64_t count() const { return count_; }
  /// All exact, and 0 when nothing was recorded.
  Nanos mean() const;
  Nanos max() const { return Nanos{max_}; }

  /// The smallest bucket end that at least `percent` per cent of the values do not exceed; at most max().
  /// 0 when nothing was recorded. `percent` in [0, 100].
  Nanos percentile(double percent) const;

 private:
  static constexpr unsigned kSubBits = 7;

 public:
  static constexpr std::size_t kOctaves = 63 - kSubBits;        // cut into buckets
  static constexpr std::size_t kSubBuckets = 1ULL << kSubBits;  // of each

 private:
  static constexpr std::size_t kBuckets = (63 - kSubBits + 1) << kSubBits;
  static std::size_t bucket_of(std::int64_t value);
  static std::int64_t last_of(std::size_t bucket);

  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace finishline::client
