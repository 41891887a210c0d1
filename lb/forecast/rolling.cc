#include "lb/forecast/rolling.h"

#include <algorithm>

#include "lb/forecast/season.h"

namespace finishline::forecast {

std::vector<Origin> roll(const Series& series, const Calendar& calendar, const RollPlan& plan) {
  std::vector<Origin> rolled;
  std::vector<std::unique_ptr<Model>> models;
  for (std::size_t i = 0; i < plan.origins.size(); ++i) {
    const std::size_t at = plan.origins[i];
    if (i % std::max<std::size_t>(plan.refit_every, 1) == 0) {
      models.clear();
      for (const ForecastMethod& method : methods())
        models.push_back(method.fit(series.part(0, at), calendar));
    } else {
      const std::size_t before = plan.origins[i - 1];
      for (auto& model : models) model->append(std::span(series.values).subspan(before, at - before));
    }
    Origin origin{at, {}};
    for (const auto& model : models) origin.forecasts.push_back(model->forecast(plan.horizon));
    rolled.push_back(std::move(origin));
  }
  return rolled;
}

std::vector<std::size_t> origins_before(std::size_t size, std::size_t horizon, std::size_t stride,
                                        std::size_t count, std::size_t least) {
  std::vector<std::size_t> origins;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t back = horizon + i * std::max<std::size_t>(stride, 1);
    if (size < back + std::max<std::size_t>(least, 1)) break;
    origins.insert(origins.begin(), size - back);
  }
  return origins;
}

std::size_t least_history(const Series& series) {
  return std::min(std::max(2 * main_period(series), series.size() / 3), series.size() / 2);
}

}  // namespace finishline::forecast
