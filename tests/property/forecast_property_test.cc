// What holds of every method, whatever the series.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>
#include <string>
#include <vector>

#include "lb/forecast/forecast.h"
#include "tests/unit/forecast/made_series.h"

using namespace finishline;
using namespace finishline::forecast;

namespace {

Series any_series() {
  const auto days = *rc::gen::inRange<std::size_t>(1, 24);
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  Series series = test::hourly(days, *rc::gen::inRange(0, 30), seed);
  sched::Random random(seed + 1);
  const auto gaps = *rc::gen::inRange<std::uint32_t>(0, 30);
  for (double& value : series.values)
    if (random.below(100) < gaps) value = kMissing;
  return series;
}

bool close(double a, double b) { return std::abs(a - b) <= 1e-6 * (1 + std::abs(a) + std::abs(b)); }

}  // namespace

TEST_CASE("a load that is k times as large is forecast k times as large") {
  rc::check([] {
    const Series series = any_series();
    const double factor = *rc::gen::element(0.001, 0.25, 64.0, 1e6);
    Series larger = series;
    for (double& value : larger.values) value *= factor;
    for (const ForecastMethod& method : methods()) {
      const auto one = method.fit(series, {})->forecast(12), other = method.fit(larger, {})->forecast(12);
      for (std::size_t i = 0; i < one.size(); ++i) {
        if (!close(other[i] / factor, one[i])) RC_FAIL(std::string(method.name));
      }
    }
  });
}

TEST_CASE("a constant load is forecast as itself, however many of its values are missing") {
  rc::check([] {
    const double value = *rc::gen::element(0.0, 0.5, 7.0, 1e9);
    Series series = test::constant(*rc::gen::inRange<std::size_t>(2, 500), value);
    for (std::size_t i = 1; i < series.size(); ++i)
      if (*rc::gen::inRange(0, 8) == 0) series.values[i] = kMissing;
    for (const ForecastMethod& method : methods())
      for (const double ahead : method.fit(series, {})->forecast(30))
        if (std::abs(ahead - value) > 1e-3 * value) RC_FAIL(std::string(method.name));
  });
}

TEST_CASE("whatever is missing, forecasts are numbers, and loads are not negative") {
  rc::check([] {
    const Series series = any_series();
    for (const ForecastMethod& method : methods()) {
      const auto model = method.fit(series, {});
      model->append(std::vector<double>{kMissing, 50, kMissing});
      for (const double value : model->forecast(200)) RC_ASSERT(std::isfinite(value) && value >= 0);
    }
  });
}

TEST_CASE("a forecast lies inside its intervals, the narrow one inside the wide") {
  rc::check([] {
    const Series series = any_series();
    const Forecast result = forecast::forecast(series, {}, 6);
    for (const Point& point : result.points) {
      RC_ASSERT(point.band95.low <= point.band80.low + 1e-9 && point.band80.low <= point.value + 1e-9);
      RC_ASSERT(point.value <= point.band80.high + 1e-9 && point.band80.high <= point.band95.high + 1e-9);
    }
  });
}
