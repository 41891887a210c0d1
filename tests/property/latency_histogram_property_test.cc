// Buckets of latency histograms, for any durations.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "lb/model/latency_histogram.h"

namespace finishline::model {
namespace {

/// Any magnitude is as likely as any other, within the range of the buckets.
rc::Gen<Nanos> durations() {
  return rc::gen::map(
      rc::gen::pair(rc::gen::resize(rc::kNominalSize, rc::gen::inRange(9, 43)),
                    rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, 1 << 30))),
      [](std::pair<int, int> at) {
        const std::int64_t low = std::int64_t{1} << at.first;
        return Nanos(low + static_cast<std::int64_t>(static_cast<double>(low) * at.second / (1 << 30)));
      });
}

LatencyHistogram histogram_of(const std::vector<Nanos>& values) {
  LatencyHistogram made;
  for (const Nanos value : values) made.add(LatencyBuckets::bucket_of(value), 1);
  return made;
}

bool near(Nanos told, Nanos real) {
  return std::abs(to_seconds(told) - to_seconds(real)) <= to_seconds(real) * LatencyBuckets::kRelativeError;
}

}  // namespace

TEST_CASE("a bucket's middle is at most 1/64 off any value in it, and that is less than three percent") {
  CHECK(LatencyBuckets::kRelativeError < 0.03);
  CHECK(rc::check([] {
    const Nanos value = *durations();
    const std::size_t bucket = LatencyBuckets::bucket_of(value);
    RC_ASSERT(bucket < LatencyBuckets::kCount);
    RC_ASSERT(value <= LatencyBuckets::upper_bound(bucket));
    if (bucket == 0) return;
    RC_ASSERT(value > LatencyBuckets::lower_bound(bucket));
    RC_ASSERT(near(LatencyBuckets::middle_of(bucket), value));
  }));
}

TEST_CASE("a longer duration is never in an earlier bucket, and buckets leave no gap") {
  for (std::size_t i = 0; i + 1 < LatencyBuckets::kCount; ++i) {
    const Nanos end = LatencyBuckets::upper_bound(i);
    CHECK(end == LatencyBuckets::lower_bound(i + 1));
    CHECK(LatencyBuckets::bucket_of(end) == i);
    CHECK(LatencyBuckets::bucket_of(end + 1ns) == i + 1);
  }
}

TEST_CASE("what is shorter or longer than all buckets counts in the first or the last") {
  for (const Nanos value : {Nanos::min(), -1ns, 0ns, 1ns, LatencyBuckets::kShortest})
    CHECK(LatencyBuckets::bucket_of(value) == 0);
  for (const Nanos value : {Nanos::max(), LatencyBuckets::kLongest, LatencyBuckets::kLongest + 1ns})
    CHECK(LatencyBuckets::bucket_of(value) == LatencyBuckets::kCount - 1);
}

TEST_CASE("quantiles and the sum are those of the values, but for the buckets' error") {
  CHECK(rc::check([] {
    auto values = *rc::gen::nonEmpty(rc::gen::container<std::vector<Nanos>>(durations()));
    for (Nanos& value : values) value += 1us;  // beyond the first bucket
    const double part = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, 101)) / 100.0;
    const LatencyHistogram all = histogram_of(values);
    std::ranges::sort(values);
    const auto at = static_cast<std::size_t>(part * static_cast<double>(values.size() - 1));
    RC_ASSERT(near(all.quantile(part).value(), values[at]));
    Nanos sum{};
    for (const Nanos value : values) sum += value;
    RC_ASSERT(near(all.sum(), sum));
  }));
}

TEST_CASE("quantiles do not fall, and there are none where nothing was seen") {
  CHECK_FALSE(LatencyHistogram().quantile(0.5));
  CHECK(LatencyHistogram().sum() == 0ns);
  CHECK(rc::check([] {
    const LatencyHistogram all =
        histogram_of(*rc::gen::nonEmpty(rc::gen::container<std::vector<Nanos>>(durations())));
    for (int i = 0; i < 100; ++i) RC_ASSERT(*all.quantile(i / 100.0) <= *all.quantile((i + 1) / 100.0));
  }));
}

TEST_CASE("merged histograms are the histogram of all values") {
  CHECK(rc::check([] {
    const auto one = *rc::gen::container<std::vector<Nanos>>(durations());
    const auto other = *rc::gen::container<std::vector<Nanos>>(durations());
    std::vector<Nanos> both = one;
    both.insert(both.end(), other.begin(), other.end());
    LatencyHistogram merged = histogram_of(one);
    merged.merge(histogram_of(other));
    const LatencyHistogram whole = histogram_of(both);
    RC_ASSERT(merged.count() == both.size());
    RC_ASSERT(merged.sum() == whole.sum());
    for (int octave = 10; octave <= 43; ++octave) {
      const Nanos bound(std::int64_t{1} << octave);
      const auto within = std::ranges::count_if(both, [bound](Nanos value) { return value <= bound; });
      RC_ASSERT(merged.count_up_to(bound) == static_cast<std::uint64_t>(within));
    }
  }));
}

}  // namespace finishline::model
