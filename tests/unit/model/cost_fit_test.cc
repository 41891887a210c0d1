#include "lb/model/cost_fit.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

using namespace finishline::model;

namespace {

std::vector<double> samples_about(double middle, double noise, std::size_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> law(middle, noise);
  std::vector<double> samples(count);
  for (double& sample : samples) sample = noise > 0 ? law(random) : middle;
  return samples;
}

double width_of(const CostFit& fit) {
  const Interval within = fit.factor_within(0.95);
  return within.high - within.low;
}

}  // namespace

TEST_CASE("fewer than three replies tell no cost") {
  CHECK_FALSE(fit_cost({}));
  CHECK_FALSE(fit_cost({0.1, 0.2}));
  CHECK(fit_cost({0.1, 0.2, 0.3}));
}

TEST_CASE("replies that all took the same tell it exactly") {
  const auto fit = fit_cost(samples_about(std::log(2), 0, 50, 1));
  CHECK(fit->factor_within(0.99).low == doctest::Approx(2));
  CHECK(fit->factor_within(0.99).high == doctest::Approx(2));
  CHECK(fit->samples == 50);
}

TEST_CASE("noise widens the interval, and more replies narrow it") {
  const auto calm = fit_cost(samples_about(0, 0.05, 200, 1)), wild = fit_cost(samples_about(0, 0.4, 200, 1)),
             many = fit_cost(samples_about(0, 0.4, 20000, 1));
  CHECK(width_of(*wild) > 5 * width_of(*calm));
  CHECK(width_of(*many) < 0.2 * width_of(*wild));
}

TEST_CASE("the interval has the true cost as often as it says") {
  int held = 0;
  for (unsigned seed = 0; seed < 1000; ++seed) {
    const Interval within = fit_cost(samples_about(std::log(3), 0.3, 40, seed))->factor_within(0.95);
    held += within.low <= 3 && 3 <= within.high ? 1 : 0;
  }
  CHECK(held >= 925);
  CHECK(held <= 975);
}

TEST_CASE("a few replies that stalled hardly change what is shown") {
  auto samples = samples_about(0, 0.1, 200, 1);
  const double before = fit_cost(samples)->log_factor;
  for (int i = 0; i < 4; ++i) samples[static_cast<std::size_t>(i)] = std::log(1000);
  CHECK(std::abs(fit_cost(samples)->log_factor - before) < 0.02);
}
