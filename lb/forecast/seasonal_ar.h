// A robust seasonal autoregression on logarithms: the last three steps and the three around this time
// yesterday and last week. Pure.
#pragma once

#include <memory>

#include "lb/forecast/method.h"

namespace finishline::forecast {

std::unique_ptr<Model> fit_seasonal_ar(const Series& series, const Calendar& calendar);

}  // namespace finishline::forecast
