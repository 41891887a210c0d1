#include "lb/forecast/method.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "lb/forecast/accuracy.h"
#include "tests/unit/forecast/made_series.h"

namespace finishline::forecast {
namespace {

std::vector<double> ahead_of(const char* method, const Series& series, std::size_t horizon) {
  return find_method(method)->fit(series, {})->forecast(horizon);
}

/// Mean distance from what really comes, in per cent of it.
double percent_off(const std::vector<double>& ahead, const Series& whole, std::size_t at) {
  double sum = 0;
  for (std::size_t i = 0; i < ahead.size(); ++i) sum += std::abs(ahead[i] / whole.values[at + i] - 1);
  return 100 * sum / static_cast<double>(ahead.size());
}

TEST_CASE("the naive methods say what was seen last, yesterday and last week") {
  Series series{test::kMonday, 3600, {}};
  for (int i = 0; i < 24 * 14; ++i) series.values.push_back(i);
  CHECK(ahead_of("naive", series, 2) == std::vector<double>{335, 335});
  CHECK(ahead_of("naive-day", series, 2) == std::vector<double>{312, 313});
  CHECK(ahead_of("naive-week", series, 2) == std::vector<double>{168, 169});
}

TEST_CASE("a value that is missing last week is taken from the week before") {
  Series series = test::hourly(21);
  series.values[168 * 2 + 5] = kMissing;
  CHECK(ahead_of("naive-week", series, 6)[5] == series.values[168 + 5]);
}

TEST_CASE("every method but the naive ones finds a week without noise again") {
  const Series whole = test::hourly(35);
  for (const char* method : {"naive-week", "seasonal-ar", "week-profile", "additive", "holt-winters"}) {
    CAPTURE(std::string(method));
    const double limit = std::string(method) == "additive" || std::string(method) == "holt-winters" ? 6 : 1;
    CHECK(percent_off(ahead_of(method, whole.part(0, 24 * 30), 48), whole, 24 * 30) < limit);
  }
}

TEST_CASE("methods that follow the trend go on with it") {
  Series whole = test::hourly(42);
  for (std::size_t i = 0; i < whole.size(); ++i) whole.values[i] *= std::exp(0.001 * static_cast<double>(i));
  for (const char* method : {"additive", "seasonal-ar"}) {
    CAPTURE(std::string(method));
    CHECK(percent_off(ahead_of(method, whole.part(0, 24 * 35), 48), whole, 24 * 35) < 8);
  }
  CHECK(percent_off(ahead_of("naive-week", whole.part(0, 24 * 35), 48), whole, 24 * 35) > 12);
}

TEST_CASE("special days are forecast with the effect that earlier ones had") {
  Series whole = test::hourly(56);
  Calendar calendar;
  for (const std::size_t day : {9U, 22U, 31U, 40U, 50U}) {
    calendar.special_days.push_back(test::kMonday / 86400 + static_cast<std::int64_t>(day));
    for (std::size_t hour = 24 * day; hour < 24 * (day + 1); ++hour) whole.values[hour] *= 3;
  }
  const Series known = whole.part(0, 24 * 50);
  const auto with = find_method("additive")->fit(known, calendar)->forecast(24);
  const auto without = find_method("additive")->fit(known, {})->forecast(24);
  CHECK(percent_off(with, whole, 24 * 50) < 30);
  CHECK(percent_off(without, whole, 24 * 50) > 45);
}

TEST_CASE("what is appended counts as if it had been there, but for what the fit would have learned") {
  const Series whole = test::hourly(30, 3);
  for (const ForecastMethod& method : methods()) {
    CAPTURE(std::string(method.name));
    const auto model = method.fit(whole.part(0, 24 * 28), {});
    model->append(std::span(whole.values).subspan(24 * 28, 12));
    const auto fresh = method.fit(whole.part(0, 24 * 28 + 12), {})->forecast(12);
    const auto grown = model->forecast(12);
    for (std::size_t i = 0; i < 12; ++i) CHECK(grown[i] == doctest::Approx(fresh[i]).epsilon(0.12));
  }
}

TEST_CASE("one wild day does not teach the robust methods") {
  Series whole = test::hourly(35, 1);
  for (std::size_t i = 24 * 20; i < 24 * 20 + 8; ++i) whole.values[i] *= 30;
  for (const char* method : {"additive", "seasonal-ar", "week-profile"}) {
    CAPTURE(std::string(method));
    CHECK(percent_off(ahead_of(method, whole.part(0, 24 * 32), 24), whole, 24 * 32) < 10);
  }
}

TEST_CASE("a series without any value is forecast as 0, one with a single value as that") {
  for (const ForecastMethod& method : methods()) {
    CAPTURE(std::string(method.name));
    for (const double value : method.fit({0, 3600, {}}, {})->forecast(3)) CHECK(value == 0);
    for (const double value : method.fit({0, 3600, {kMissing, kMissing}}, {})->forecast(3))
      CHECK(std::isfinite(value));
    for (const double value : method.fit({0, 3600, {7}}, {})->forecast(3)) CHECK(value == doctest::Approx(7));
  }
}

TEST_CASE("methods are found by their names") {
  CHECK(find_method("additive")->name == "additive");
  CHECK(find_method("crystal-ball") == nullptr);
}

TEST_CASE("accuracy is in the usual measures") {
  AccuracyCount count;
  count.add(12, 10, 4);
  count.add(6, 10, 4);
  count.add(5, kMissing, 4);
  count.add_coverage({true, true});
  count.add_coverage({false, true});
  const Accuracy accuracy = count.result();
  CHECK(accuracy.mae == 3);
  CHECK(accuracy.rmse == doctest::Approx(std::sqrt(10)));
  CHECK(accuracy.mase == 0.75);
  CHECK(accuracy.mape == doctest::Approx(30));
  CHECK(accuracy.coverage[0] == 0.5);
  CHECK(accuracy.coverage[1] == 1);
  CHECK(accuracy.compared == 2);
  CHECK(naive_error(std::vector<double>{1, 4, kMissing, 6, 5}, 1) == 2);
}

}  // namespace
}  // namespace finishline::forecast
