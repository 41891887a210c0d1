#include "lb/forecast/method.h"

#include <algorithm>
#include <array>

#include "lb/forecast/additive.h"
#include "lb/forecast/holt_winters.h"
#include "lb/forecast/naive.h"
#include "lb/forecast/seasonal_ar.h"
#include "lb/forecast/week_profile.h"

namespace finishline::forecast {
namespace {

constexpr std::array kMethods{
    ForecastMethod{"naive", "the last value", fit_naive},
    ForecastMethod{"naive-day", "the same time yesterday", fit_naive_day},
    ForecastMethod{"naive-week", "the same time last week", fit_naive_week},
    ForecastMethod{"holt-winters", "level, damped trend, day and week, smoothed exponentially",
                   fit_holt_winters},
    ForecastMethod{"additive", "a piecewise linear trend, waves of day, week and year, special days",
                   fit_additive},
    ForecastMethod{"seasonal-ar",
                   "a weighted sum of the last hours and the same hours of yesterday and last week",
                   fit_seasonal_ar},
    ForecastMethod{"week-profile", "the usual week at the present level", fit_week_profile},
};

}  // namespace

std::span<const ForecastMethod> methods() { return kMethods; }

const ForecastMethod* find_method(std::string_view name) {
  const auto* const found = std::ranges::find(kMethods, name, &ForecastMethod::name);
  return found == kMethods.end() ? nullptr : found;
}

}  // namespace finishline::forecast
