// The usual week, moved to the present level: what an operator would draw by hand. Pure.
#pragma once

#include <memory>

#include "lb/forecast/method.h"

namespace finishline::forecast {

/// A usual day where there are not two weeks, the level alone where there are not two days.
std::unique_ptr<Model> fit_week_profile(const Series& series, const Calendar& calendar);

}  // namespace finishline::forecast
