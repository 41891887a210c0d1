// What a load is made of: trend, day and week, each as a series, for people to look at. Pure.
#pragma once

#include <vector>

#include "lb/forecast/calendar.h"
#include "lb/forecast/series.h"

namespace finishline::forecast {

/// On the scale of the series, one value per step. trend + day + week + rest is the series, where it is
/// there. What comes by the year and on special days is part of the trend.
struct Components {
  std::vector<double> trend, day, week;
  std::vector<double> rest;  // NaN where the series is missing
};

/// By the additive model, over the series and `ahead` steps more.
Components components_of(const Series& series, const Calendar& calendar, std::size_t ahead = 0);

}  // namespace finishline::forecast
