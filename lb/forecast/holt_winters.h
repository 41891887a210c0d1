// Exponential smoothing of level, damped trend, day and week (Holt 1957, Winters 1960; two seasons after
// Taylor 2003), on logarithms. Pure.
#pragma once

#include <memory>

#include "lb/forecast/method.h"

namespace finishline::forecast {

std::unique_ptr<Model> fit_holt_winters(const Series& series, const Calendar& calendar);

}  // namespace finishline::forecast
