// Each value as a weighted sum of earlier ones, fitted robustly. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "lb/forecast/series.h"

namespace finishline::forecast {

class Autoregression {
 public:
  struct Options {
    bool level = true;  // a constant is added to the sum
    double ridge = 1;   // see robust_ridge
  };

  /// Reads the whole series; gaps are closed where they stand before a value, and never fitted to. Lags that
  /// leave too few rows are left out.
  Autoregression(const Series& series, std::vector<std::size_t> lags, const Options& options);

  /// A missing value is taken to be what was expected.
  void append(std::span<const double> values);
  std::vector<double> forecast(std::size_t horizon) const;
  const std::vector<std::size_t>& lags() const { return lags_; }

  /// The last three steps, and the three around a day and a week ago, as far as the series has them.
  static std::vector<std::size_t> usual_lags(const Series& series);

 private:
  void fit(const Series& series, const std::vector<double>& values, const Options& options);
  double next_after(const std::vector<double>& values) const;

  std::vector<std::size_t> lags_;     // rising
  std::vector<double> coefficients_;  // by lag, then the constant
  std::vector<double> tail_;          // the latest values, at least as many as the longest lag
};

}  // namespace finishline::forecast
