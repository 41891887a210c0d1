// The forecasts that every other has to beat: what was last seen, now or a season ago. Pure.
#pragma once

#include <memory>

#include "lb/forecast/method.h"

namespace finishline::forecast {

/// The last value that is there.
std::unique_ptr<Model> fit_naive(const Series& series, const Calendar& calendar);
/// The value a day, or a week, before; the latest such that is there. Without two days, or weeks, of history
/// the longest season that there is, and without any the last value.
std::unique_ptr<Model> fit_naive_day(const Series& series, const Calendar& calendar);
std::unique_ptr<Model> fit_naive_week(const Series& series, const Calendar& calendar);

}  // namespace finishline::forecast
