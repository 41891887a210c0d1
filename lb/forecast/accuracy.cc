#include "lb/forecast/accuracy.h"

#include <cmath>

namespace finishline::forecast {
namespace {

double over(double sum, std::size_t count) { return count > 0 ? sum / static_cast<double>(count) : kMissing; }

}  // namespace

void AccuracyCount::add(double forecast, double actual, double scale) {
  const double error = std::abs(forecast - actual);
  if (is_missing(error)) return;
  ++compared_;
  absolute_ += error;
  square_ += error * error;
  if (scale > 0) {
    scaled_ += error / scale;
    ++with_scale_;
  }
  if (actual != 0) {
    percent_ += 100 * error / std::abs(actual);
    ++with_percent_;
  }
}

void AccuracyCount::add_coverage(std::array<bool, 2> inside) {
  ++with_intervals_;
  for (std::size_t i = 0; i < inside.size(); ++i) inside_[i] += inside[i] ? 1 : 0;
}

Accuracy AccuracyCount::result() const {
  Accuracy accuracy{.mae = over(absolute_, compared_),
                    .rmse = std::sqrt(over(square_, compared_)),
                    .mase = over(scaled_, with_scale_),
                    .mape = over(percent_, with_percent_),
                    .compared = compared_};
  for (std::size_t i = 0; i < inside_.size(); ++i)
    accuracy.coverage[i] = over(static_cast<double>(inside_[i]), with_intervals_);
  return accuracy;
}

double naive_error(std::span<const double> values, std::size_t period) {
  double sum = 0;
  std::size_t count = 0;
  for (std::size_t i = period; i < values.size(); ++i) {
    const double distance = std::abs(values[i] - values[i - period]);
    if (is_missing(distance)) continue;
    sum += distance;
    ++count;
  }
  return count > 0 ? sum / static_cast<double>(count) : 0;
}

}  // namespace finishline::forecast
