#include "lb/forecast/forecast.h"

#include <algorithm>

#include "lb/forecast/combination.h"

namespace finishline::forecast {
namespace {

constexpr std::size_t kOrigins = 60;
constexpr std::size_t kStepsToFit = 20000;  // in all fits of the past together: what a second is enough for
constexpr std::size_t kMostFits = 12;

/// Origins that overlap, four to a horizon, where the history is too short for others.
RollPlan plan_for(const Series& series, std::size_t horizon) {
  const std::size_t least = least_history(series);
  const std::size_t room = series.size() > least + horizon ? series.size() - least - horizon : 0;
  const std::size_t stride =
      std::clamp<std::size_t>(room / kOrigins, std::max<std::size_t>(horizon / 4, 1), horizon);
  RollPlan plan{horizon, origins_before(series.size(), horizon, stride, kOrigins, least), 1};
  const std::size_t fits =
      std::clamp<std::size_t>(kStepsToFit / std::max<std::size_t>(series.size(), 1), 1, kMostFits);
  plan.refit_every = (plan.origins.size() + fits - 1) / fits;
  return plan;
}

}  // namespace

Forecast forecast(const Series& series, const Calendar& calendar, std::size_t horizon) {
  const std::vector<Origin> rolled = roll(series, calendar, plan_for(series, horizon));
  Forecast result{.points = {},
                  .method = {},
                  .weights = weights_at(series, rolled, series.size()),
                  .naive = {},
                  .check = judge(series, rolled, horizon)};
  Origin now = roll(series, calendar, {horizon, {series.size()}, 1}).front();
  now.forecasts.push_back(combined(now, result.weights));
  result.naive = now.forecasts[best_naive(result.check)];
  const std::size_t chosen = result.check.chosen;
  const Intervals& intervals = result.check.intervals[chosen];
  result.method = result.check.rows[chosen].name;
  for (std::size_t i = 0; i < horizon; ++i) {
    const double value = now.forecasts[chosen][i];
    result.points.push_back(
        {series.time_of(series.size() + i), value, intervals.band(i, value, 0), intervals.band(i, value, 1)});
  }
  return result;
}

}  // namespace finishline::forecast
