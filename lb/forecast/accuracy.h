// How wrong forecasts were, in the usual measures. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "lb/forecast/series.h"

namespace finishline::forecast {

/// NaN where nothing was compared.
struct Accuracy {
  double mae = kMissing;   // mean absolute error
  double rmse = kMissing;  // root of the mean square error
  double mase = kMissing;  // mean of absolute errors over scale (Hyndman and Koehler 2006): below 1 is better
                           // than the seasonal naive was on the history
  double mape = kMissing;  // in per cent of the value, over those that are not 0
  std::array<double, 2> coverage{kMissing, kMissing};  // share inside the 80 % and the 95 % interval
  std::size_t compared = 0;
};

/// Collects comparisons.
class AccuracyCount {
 public:
  /// `scale`: see naive_error; 0 leaves the comparison out of the mase. An `actual` that is missing is not
  /// compared.
  void add(double forecast, double actual, double scale);
  /// Whether a compared value lay inside its two intervals.
  void add_coverage(std::array<bool, 2> inside);
  Accuracy result() const;

 private:
  double absolute_ = 0, square_ = 0, scaled_ = 0, percent_ = 0;
  std::size_t compared_ = 0, with_scale_ = 0, with_percent_ = 0;
  std::array<std::size_t, 2> inside_{};
  std::size_t with_intervals_ = 0;
};

/// The mean distance of values from those `period` steps before: what errors are measured by. 0 for none.
double naive_error(std::span<const double> values, std::size_t period);

}  // namespace finishline::forecast
