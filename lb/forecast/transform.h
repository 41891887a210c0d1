// The scale on which models work: logarithms, where a load doubles rather than grows by 100. Pure.
#pragma once

#include <span>
#include <vector>

#include "lb/forecast/series.h"

namespace finishline::forecast {

class Transform {
 public:
  /// Logarithms of value + offset where no value is negative, the offset a fifth of the usual value, so
  /// that zeros have one; otherwise the values in units of their usual size. Times a factor, a series has the
  /// same logarithms but for a constant.
  static Transform of(const Series& series);

  double forward(double value) const;    // NaN stays NaN
  double backward(double scaled) const;  // never below zero where logarithms are taken
  bool logarithmic() const { return logarithmic_; }

 private:
  bool logarithmic_ = false;
  double unit_ = 1;  // the offset, or the usual size
};

/// A transformed series, which models read and to which they append; bounds keep what is far outside of all
/// that was ever seen from being forecast.
struct Scaled {
  explicit Scaled(const Series& series);

  Transform transform;
  Series series;  // transformed
  double least = 0, most = 0;

  std::vector<double> forward(std::span<const double> values) const;
  /// Back on the scale of the series, each within [least, most].
  std::vector<double> restore(std::vector<double> scaled) const;
};

}  // namespace finishline::forecast
