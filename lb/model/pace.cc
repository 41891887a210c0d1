#include "lb/model/pace.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace finishline::model {
namespace {

double count_of(const Pace::Stretch& stretch) {
  return to_seconds(stretch.length) * (stretch.from + stretch.to) / 2;
}

/// Seconds into the stretch until `count` have come: the root of from * t + slope / 2 * t^2 = count, in the
/// form that loses no digits when the slope is small.
double time_into(const Pace::Stretch& stretch, double count) {
  const double slope = (stretch.to - stretch.from) / to_seconds(stretch.length);
  const double root = std::sqrt(std::max(stretch.from * stretch.from + 2 * slope * count, 0.0));
  return count <= 0 ? 0 : 2 * count / (stretch.from + root);
}

}  // namespace

Pace::Pace(std::vector<Stretch> stretches) : stretches_(std::move(stretches)), begins_{0ns}, counts_{0} {
  for (const Stretch& stretch : stretches_) {
    begins_.push_back(begins_.back() + stretch.length);
    counts_.push_back(counts_.back() + count_of(stretch));
  }
}

double Pace::time_of(double count) const {
  const auto next = std::upper_bound(counts_.begin() + 1, counts_.end(), count);
  if (next == counts_.end()) return std::numeric_limits<double>::infinity();
  const auto index = static_cast<std::size_t>(next - counts_.begin()) - 1;
  const double into = time_into(stretches_[index], count - counts_[index]);
  return to_seconds(begins_[index]) + std::min(into, to_seconds(stretches_[index].length));
}

std::size_t Pace::stretch_at(Nanos since_start) const {
  const auto next = std::upper_bound(begins_.begin() + 1, begins_.end() - 1, since_start);
  return static_cast<std::size_t>(next - begins_.begin()) - 1;
}

}  // namespace finishline::model
