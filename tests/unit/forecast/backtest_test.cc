#include "lb/forecast/backtest.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "lb/forecast/anomalies.h"
#include "lb/forecast/combination.h"
#include "lb/forecast/components.h"
#include "lb/forecast/forecast.h"
#include "tests/unit/forecast/made_series.h"

namespace finishline::forecast {
namespace {

/// An origin at which every method but `right` forecasts 200, and that one 100.
Origin origin_at(std::size_t at, std::size_t right, std::size_t horizon) {
  Origin origin{at, {}};
  for (std::size_t i = 0; i < methods().size(); ++i)
    origin.forecasts.emplace_back(horizon, i == right ? 100.0 : 200.0);
  return origin;
}

TEST_CASE("origins are a stride apart, and each has its whole horizon behind it") {
  CHECK(origins_before(100, 10, 20, 3, 30) == std::vector<std::size_t>{50, 70, 90});
  CHECK(origins_before(100, 10, 20, 9, 60) == std::vector<std::size_t>{70, 90});
  CHECK(origins_before(10, 10, 5, 9, 1).empty());
}

TEST_CASE("no forecast knows what comes after its origin") {
  Series series = test::hourly(28, 4);
  const RollPlan plan{.horizon = 24, .origins = {500, 524, 548}, .refit_every = 2};
  const std::vector<Origin> before = roll(series, {}, plan);
  for (std::size_t i = 548; i < series.size(); ++i) series.values[i] = 1e6;
  const std::vector<Origin> after = roll(series, {}, plan);
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(before[i].forecasts == after[i].forecasts);
}

TEST_CASE("a method that is wrong by half as much again as the best has no weight") {
  const Series series = test::constant(100, 101);
  const std::vector<Origin> earlier{origin_at(40, 3, 10), origin_at(50, 3, 10)};
  const std::vector<double> weights = weights_at(series, earlier, 60);
  CHECK(weights[3] == 1);
  CHECK(std::accumulate(weights.begin(), weights.end(), 0.0) == doctest::Approx(1));
  CHECK(combined(origin_at(60, 3, 2), weights) == std::vector<double>{100, 100});
}

TEST_CASE("weights do not look at horizons that are not over, and are all alike without any") {
  const Series series = test::constant(100, 101);
  const std::vector<Origin> earlier{origin_at(55, 3, 10)};
  for (const double weight : weights_at(series, earlier, 60))
    CHECK(weight == doctest::Approx(1.0 / static_cast<double>(methods().size())));
}

TEST_CASE("a method that was good lately and is far from all others now moves nothing") {
  Origin now = origin_at(60, 0, 2);
  for (auto& forecast : now.forecasts) forecast.assign(2, 100);
  now.forecasts[2].assign(2, 5000);
  std::vector<double> weights(methods().size(), 0);
  weights[1] = weights[2] = weights[3] = weights[4] = 0.25;
  CHECK(combined(now, weights) == std::vector<double>{100, 100});
}

TEST_CASE("intervals are as wide as errors were, and cover what they say") {
  Intervals intervals(Transform::of({0, 1, {-100, 100, 300}}), 1);
  CHECK(intervals.band(0, 50, 0).low == 50);
  for (int i = 1; i <= 80; ++i) intervals.learn(std::vector<double>{0}, std::vector<double>{i % 10 + 1.0});
  const Band narrow = intervals.band(0, 50, 0), wide = intervals.band(0, 50, 1);
  CHECK(narrow.high - 50 == doctest::Approx(8.5).epsilon(0.15));
  CHECK(wide.high - 50 == doctest::Approx(10).epsilon(0.2));
  CHECK(50 - narrow.low == doctest::Approx(narrow.high - 50));
}

TEST_CASE("errors that have grown widen the intervals until they cover again") {
  Intervals intervals(Transform::of({0, 1, {-1, 1}}), 1);
  for (int i = 0; i < 40; ++i)
    intervals.learn(std::vector<double>{0}, std::vector<double>{i % 2 == 0 ? 1.0 : -0.5});
  const double before = intervals.band(0, 0, 1).high;
  for (int i = 0; i < 40; ++i)
    intervals.learn(std::vector<double>{0}, std::vector<double>{i % 2 == 0 ? 5.0 : -2.5});
  CHECK(intervals.band(0, 0, 1).high > 3 * before);
}

TEST_CASE("a back-test says how wrong each method was, and how much lay inside the intervals") {
  const Series series = test::hourly(42, 5);
  const Backtest check =
      backtest(series, {}, {.horizon = 12, .stride = 13, .most_origins = 40, .refit_every = 4});
  REQUIRE(check.rows.size() == methods().size() + 1);
  CHECK(check.rows.back().name == kCombination);
  CHECK(check.origins >= 30);
  const Accuracy& mixed = check.rows.back().accuracy;
  const Accuracy& naive = check.rows.front().accuracy;
  CHECK(mixed.mae < naive.mae / 3);
  CHECK(mixed.mase < 1);
  CHECK(mixed.coverage[0] > 0.65);
  CHECK(mixed.coverage[0] < 0.92);
  CHECK(mixed.coverage[1] > mixed.coverage[0]);
}

TEST_CASE("a history that is too short is forecast without a check") {
  const Forecast short_one = forecast(test::hourly(1), {}, 24);
  CHECK(short_one.points.size() == 24);
  const Forecast tiny = forecast(test::constant(3, 5), {}, 24);
  CHECK(tiny.check.origins == 0);
  CHECK(tiny.method == kCombination);
  CHECK(tiny.points.back().value == doctest::Approx(5));
  CHECK(tiny.points.back().band95.low == tiny.points.back().value);
}

TEST_CASE("the points of a forecast follow the series, each inside its bands") {
  const Series series = test::hourly(28, 4);
  const Forecast result = forecast(series, {}, 24);
  CHECK(result.points.front().time_s == series.time_of(series.size()));
  for (const Point& point : result.points) {
    CHECK(point.band95.low <= point.band80.low);
    CHECK(point.band80.low <= point.value);
    CHECK(point.value <= point.band80.high);
    CHECK(point.band80.high <= point.band95.high);
  }
}

TEST_CASE("beside a forecast stands the naive one that was wrong least") {
  const Series series = test::hourly(28, 4);
  const Forecast result = forecast(series, {}, 24);
  const std::size_t naive = best_naive(result.check);
  REQUIRE(naive < 3);
  for (std::size_t row = 0; row < 3; ++row)
    CHECK(result.check.rows[naive].accuracy.mae <= result.check.rows[row].accuracy.mae);
  const auto model = methods()[naive].fit(series, {});
  CHECK(result.naive == model->forecast(24));
}

TEST_CASE("trend, day and week add up to the series, and show what is in it") {
  const Series series = test::hourly(28);
  const Components parts = components_of(series, {}, 24);
  REQUIRE(parts.trend.size() == series.size() + 24);
  for (std::size_t i = 0; i < series.size(); ++i)
    CHECK(parts.trend[i] + parts.day[i] + parts.week[i] + parts.rest[i] == doctest::Approx(series.values[i]));
  CHECK(parts.day[24 * 8 + 6] > 20);                             // the daily high
  CHECK(parts.day[24 * 8 + 18] < -20);                           // the daily low
  CHECK(parts.week[24 * 12 + 6] < parts.week[24 * 9 + 6] - 20);  // Saturday, Wednesday
  CHECK(std::abs(parts.trend[24 * 7] - parts.trend[24 * 21]) < 10);
}

TEST_CASE("a spike is an anomaly, what happens every day is not") {
  Series series = test::hourly(28, 3);
  CHECK(anomalies(series).size() <= 2);
  series.values[400] *= 4;
  series.values[500] = 0;
  const std::vector<Anomaly> found = anomalies(series);
  const auto has = [&](std::size_t step) {
    return std::ranges::find(found, step, &Anomaly::step) != found.end();
  };
  CHECK(has(400));
  CHECK(has(500));
  CHECK(std::ranges::find(found, 400U, &Anomaly::step)->score > 1);
  CHECK(anomalies(test::constant(200, 5)).empty());
}

}  // namespace
}  // namespace finishline::forecast
