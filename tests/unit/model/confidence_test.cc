#include "lb/model/confidence.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

using namespace finishline::model;

TEST_CASE("Student's t is that of the tables") {
  CHECK(student_t(0.95, 10) == doctest::Approx(2.228).epsilon(0.001));
  CHECK(student_t(0.99, 4) == doctest::Approx(4.604).epsilon(0.001));
  CHECK(student_t(0.95, 1e6) == doctest::Approx(1.960).epsilon(0.001));
}

TEST_CASE("the interval of a share is Wilson's") {
  const Interval some = share_interval(15, 148, 0.95);  // of a table of Newcombe's
  CHECK(some.low == doctest::Approx(0.0624).epsilon(0.001));
  CHECK(some.high == doctest::Approx(0.1605).epsilon(0.001));
  const Interval none = share_interval(0, 20, 0.95);
  CHECK(none.low == 0);
  CHECK(none.high == doctest::Approx(0.1611).epsilon(0.001));
  CHECK(share_interval(0, 0, 0.95).high == 1);
}

TEST_CASE("the difference of two shares is Newcombe's") {
  const Measured a{56.0 / 70, share_interval(56, 70, 0.95)}, b{48.0 / 80, share_interval(48, 80, 0.95)};
  const Measured both = difference(a, b);
  CHECK(both.value == doctest::Approx(0.2));
  CHECK(both.within.low == doctest::Approx(0.0524).epsilon(0.001));
  CHECK(both.within.high == doctest::Approx(0.3339).epsilon(0.001));
}

TEST_CASE("too few samples say nothing of a quantile") {
  CHECK_FALSE(quantile_ranks(0.99, 100, 0.95));
  CHECK(quantile_ranks(0.99, 400, 0.95));
  CHECK_FALSE(quantile_ranks(0.5, 5, 0.95));
  CHECK(quantile_ranks(0.5, 6, 0.95));
  CHECK_FALSE(quantile_ranks(0.5, 0, 0.95));
}

TEST_CASE("the interval of a quantile has the true one as often as it says") {
  std::mt19937_64 random(7);
  std::exponential_distribution<double> law(1);
  constexpr int kRuns = 2000, kSamples = 500;
  for (const double share : {0.5, 0.9, 0.99}) {
    const double truth = -std::log(1 - share);
    const auto ranks = quantile_ranks(share, kSamples, 0.95);
    REQUIRE(ranks);
    int held = 0;
    for (int run = 0; run < kRuns; ++run) {
      std::vector<double> samples(kSamples);
      std::ranges::generate(samples, [&] { return law(random); });
      std::ranges::sort(samples);
      const auto at = [&](double rank) {
        return samples[static_cast<std::size_t>(std::clamp(std::ceil(rank * kSamples), 1.0, 500.0)) - 1];
      };
      held += at(ranks->low) <= truth && truth <= at(ranks->high) ? 1 : 0;
    }
    CHECK(held >= kRuns * 94 / 100);
    CHECK(held < kRuns);
  }
}
