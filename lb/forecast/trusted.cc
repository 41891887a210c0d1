#include "lb/forecast/trusted.h"

#include <algorithm>

#include "lb/forecast/combination.h"
#include "lb/forecast/forecast.h"

namespace finishline::forecast {
namespace {

constexpr std::int64_t kDaySeconds = 86400;
// The end of the 80 % interval is not exceeded nine times of ten; of errors that are about normal four of
// five stay below this share of the way there.
constexpr double kShareOfBand = 0.66;

/// Of the method that was chosen.
bool beats_naive(const Backtest& check) {
  if (check.origins == 0) return false;
  return check.rows[check.chosen].accuracy.mae < check.rows[best_naive(check)].accuracy.mae;
}

}  // namespace

std::optional<std::vector<double>> trusted_forecast(const Series& past, const Calendar& calendar,
                                                    std::size_t horizon) {
  auto all = trusted_forecasts(past, calendar, past.size(), 1, horizon);
  if (!all) return std::nullopt;
  return std::move(all->front());
}

std::optional<std::vector<std::vector<double>>> trusted_forecasts(const Series& series,
                                                                  const Calendar& calendar, std::size_t first,
                                                                  std::size_t count, std::size_t horizon) {
  if (static_cast<std::int64_t>(first) * series.step_s < kDaySeconds) return std::nullopt;
  const Forecast judged = forecast(series.part(0, first), calendar, horizon);
  if (!beats_naive(judged.check)) return std::nullopt;
  RollPlan plan{.horizon = horizon, .origins = {}, .refit_every = count};
  for (std::size_t i = 0; i < count; ++i) plan.origins.push_back(first + i);
  const Intervals& intervals = judged.check.intervals[judged.check.chosen];
  std::vector<std::vector<double>> all;
  for (Origin& origin : roll(series, calendar, plan)) {
    origin.forecasts.push_back(combined(origin, judged.weights));
    std::vector<double>& values = all.emplace_back(std::move(origin.forecasts[judged.check.chosen]));
    for (std::size_t step = 0; step < values.size(); ++step)
      values[step] += kShareOfBand * (intervals.band(step, values[step], 0).high - values[step]);
    for (double& value : values) value = std::max(0.0, value);
  }
  return all;
}

}  // namespace finishline::forecast
