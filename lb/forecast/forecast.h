// The forecast of a series: numbers with intervals, and how right such numbers were so far. Pure; takes up to
// a second for 10,000 steps, so never on a loop.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "lb/forecast/backtest.h"

namespace finishline::forecast {

struct Point {
  std::int64_t time_s = 0;  // the step's begin, on the clock of the place
  double value = 0;
  Band band80, band95;
};

struct Forecast {
  std::vector<Point> points;    // a horizon long
  std::string_view method;      // the combination, or one of methods() that did clearly better
  std::vector<double> weights;  // by method, of the combination
  std::vector<double> naive;    // what the naive method of best_naive(check) says, a horizon long
  Backtest check;               // how right it was on the past of this series
};

/// The steps that follow the series. horizon > 0. A series without any value is forecast as 0; one too short
/// for a check has intervals without width, and check.origins is 0.
Forecast forecast(const Series& series, const Calendar& calendar, std::size_t horizon);

}  // namespace finishline::forecast
