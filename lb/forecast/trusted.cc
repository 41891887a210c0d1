#include "lb/forecast/trusted.h"

#include <algorithm>
#include <span>

#include "lb/forecast/forecast.h"

namespace finishline::forecast {
namespace {

constexpr std::int64_t kDaySeconds = 86400;
constexpr std::size_t kNaiveRows =
    3;  // the first of forecast::methods(): last value, day before, week before

}  // namespace

std::optional<std::vector<double>> trusted_forecast(const Series& past, std::size_t horizon) {
  if (static_cast<std::int64_t>(past.size()) * past.step_s < kDaySeconds) return std::nullopt;
  const Forecast it = forecast(past, {}, horizon);
  const auto& rows = it.check.rows;
  if (it.check.origins == 0 || rows.size() <= kNaiveRows) return std::nullopt;
  const auto naive = std::span(rows).first(kNaiveRows);
  const double best =
      std::ranges::min(naive, {}, [](const auto& row) { return row.accuracy.mae; }).accuracy.mae;
  if (!(rows[it.check.chosen].accuracy.mae < best)) return std::nullopt;
  std::vector<double> values;
  for (const Point& point : it.points) values.push_back(std::max(0.0, point.band80.high));
  return values;
}

}  // namespace finishline::forecast
