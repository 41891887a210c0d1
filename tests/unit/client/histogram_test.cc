#include "client/histogram.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

using namespace finishline;
using namespace finishline::client;

namespace {

/// Spread over all magnitudes, from nanoseconds to days.
std::vector<Nanos> values_of(unsigned seed, std::size_t count) {
  std::mt19937_64 generator(seed);
  std::vector<Nanos> values(count);
  for (Nanos& value : values)
    value = Nanos{static_cast<std::int64_t>(generator() >> (16 + generator() % 40))};
  return values;
}

Nanos exact_percentile(std::vector<Nanos> values, double percent) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(values.size())));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

}  // namespace

TEST_CASE("an empty histogram says 0 to everything") {
  const Histogram empty;
  CHECK(empty.count() == 0);
  CHECK(empty.mean() == 0ns);
  CHECK(empty.max() == 0ns);
  CHECK(empty.percentile(99) == 0ns);
}

TEST_CASE("a percentile is never below the truth and above it by less than the stated error") {
  for (const unsigned seed : {1U, 2U, 3U}) {
    const auto values = values_of(seed, 5000);
    Histogram histogram;
    for (const Nanos value : values) histogram.record(value);
    for (const double percent : {0.0, 1.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
      const double truth = static_cast<double>(exact_percentile(values, percent).count());
      const double said = static_cast<double>(histogram.percentile(percent).count());
      CHECK(said >= truth);
      CHECK(said <= truth * (1 + Histogram::kRelativeError));
    }
  }
}

TEST_CASE("values below 256 ns and the largest of all are kept exactly") {
  Histogram histogram;
  for (int i = 0; i < 256; ++i) histogram.record(Nanos{i});
  CHECK(histogram.percentile(50) == 127ns);
  histogram.record(Nanos::max());
  CHECK(histogram.percentile(100) == Nanos::max());
  CHECK(histogram.max() == Nanos::max());
}

TEST_CASE("a negative span counts as 0") {
  Histogram histogram;
  histogram.record(-5ns);
  CHECK(histogram.count() == 1);
  CHECK(histogram.percentile(100) == 0ns);
}

TEST_CASE("merging two histograms is as recording everything in one") {
  Histogram left, right, both;
  for (const Nanos value : values_of(4, 1000)) {
    left.record(value);
    both.record(value);
  }
  for (const Nanos value : values_of(5, 3000)) {
    right.record(value);
    both.record(value);
  }
  left.merge(right);
  CHECK(left.count() == both.count());
  CHECK(left.max() == both.max());
  CHECK(static_cast<double>(left.mean().count()) ==
        doctest::Approx(static_cast<double>(both.mean().count())));
  for (double percent = 0; percent <= 100; percent += 0.5)
    CHECK(left.percentile(percent) == both.percentile(percent));
}
