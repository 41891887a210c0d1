#include "lb/model/usage.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

namespace finishline::model {
namespace {

Usage calm() {
  return {.step_s = 3600,
          .days = 7,
          .types = {{"video", 3}, {"music", 1}},
          .growth = 0,
          .noise = 0,
          .spikes_per_week = 0};
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST_CASE("the same values give the same load, another seed another") {
  Usage usage = calm();
  usage.noise = 0.2;
  CHECK(usage_of(usage) == usage_of(usage));
  Usage other = usage;
  other.seed = 2;
  CHECK(usage_of(usage) != usage_of(other));
}

TEST_CASE("a week has the rate that was asked for, shared among the types") {
  const auto load = usage_of(calm());
  REQUIRE(load.size() == 2);
  CHECK(mean(load[0]) == doctest::Approx(75));
  CHECK(mean(load[1]) == doctest::Approx(25));
}

TEST_CASE("afternoons are busy, nights and weekends are not") {
  const auto video = usage_of(calm())[0];
  CHECK(video[15] > 3 * video[3]);
  CHECK(video[5 * 24 + 15] == doctest::Approx(0.6 * video[15]));
}

TEST_CASE("growth is by the week, noise and spikes are never below nothing") {
  Usage usage = calm();
  usage.days = 14;
  usage.growth = 0.5;
  const auto growing = usage_of(usage)[0];
  CHECK(growing[7 * 24 + 12] == doctest::Approx(1.5 * growing[12]));
  usage.noise = 1;
  usage.spikes_per_week = 20;
  const auto shaken = usage_of(usage)[0];
  for (const double value : shaken) CHECK(value >= 0);
}

TEST_CASE("as CSV a line per step, of one type or of all") {
  const std::string one = usage_csv(calm(), 0), all = usage_csv(calm(), 2);
  CHECK(one.starts_with("time,value\n1767571200,"));
  CHECK(std::stod(all.substr(22)) > std::stod(one.substr(22)));
}

}  // namespace
}  // namespace finishline::model
