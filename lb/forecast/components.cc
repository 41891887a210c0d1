#include "lb/forecast/components.h"

#include "lb/forecast/additive.h"

namespace finishline::forecast {

Components components_of(const Series& series, const Calendar& calendar, std::size_t ahead) {
  const AdditiveModel model(series, calendar);
  const Transform& scale = model.transform();
  Components parts;
  for (std::size_t i = 0; i < series.size() + ahead; ++i) {
    const double day = model.part_at(Waves::Part::day, i), week = model.part_at(Waves::Part::week, i);
    const double sum = model.sum_at(i);
    const double trend = scale.backward(sum - day - week), with_day = scale.backward(sum - week);
    parts.trend.push_back(trend);
    parts.day.push_back(with_day - trend);
    parts.week.push_back(scale.backward(sum) - with_day);
    parts.rest.push_back(i < series.size() ? series.values[i] - scale.backward(sum) : kMissing);
  }
  return parts;
}

}  // namespace finishline::forecast
