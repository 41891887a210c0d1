#include "lb/forecast/transform.h"

#include <algorithm>
#include <cmath>

#include "lb/forecast/robust.h"

namespace finishline::forecast {
namespace {

constexpr double kOffset = 0.2;  // of the usual value
constexpr double kBeyond = 0.5;  // of the range that was seen, to either side

}  // namespace

Transform Transform::of(const Series& series) {
  Transform transform;
  transform.logarithmic_ = true;
  std::vector<double> sizes;
  for (const double value : series.values) {
    if (is_missing(value)) continue;
    if (value < 0) transform.logarithmic_ = false;
    if (value != 0) sizes.push_back(std::abs(value));
  }
  const double usual = sizes.empty() ? 1 : median(std::move(sizes));
  transform.unit_ = transform.logarithmic_ ? kOffset * usual : usual;
  return transform;
}

double Transform::forward(double value) const {
  return logarithmic_ ? std::log(std::max(value, 0.0) / unit_ + 1) * (is_missing(value) ? kMissing : 1)
                      : value / unit_;
}

double Transform::backward(double scaled) const {
  return logarithmic_ ? std::max(0.0, (std::exp(scaled) - 1) * unit_) : scaled * unit_;
}

Scaled::Scaled(const Series& original) : transform(Transform::of(original)), series(original) {
  bool seen = false;
  for (double& value : series.values) {
    value = transform.forward(value);
    if (is_missing(value)) continue;
    least = seen ? std::min(least, value) : value;
    most = seen ? std::max(most, value) : value;
    seen = true;
  }
  const double beyond = kBeyond * (most - least);
  least -= beyond;
  most += beyond;
}

std::vector<double> Scaled::forward(std::span<const double> values) const {
  std::vector<double> scaled;
  scaled.reserve(values.size());
  for (const double value : values) scaled.push_back(transform.forward(value));
  return scaled;
}

std::vector<double> Scaled::restore(std::vector<double> scaled) const {
  for (double& value : scaled) value = transform.backward(std::clamp(value, least, most));
  return scaled;
}

}  // namespace finishline::forecast
