// How far a forecast may be off: conformal intervals (Vovk et al. 2005), per step of the horizon, from how
// far earlier ones were off, held to their coverage while it drifts (Gibbs and Candès 2021). Pure.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "lb/forecast/transform.h"

namespace finishline::forecast {

struct Band {
  double low = 0, high = 0;
};

class Intervals {
 public:
  static constexpr std::array<double, 2> kCoverages{0.80, 0.95};

  /// Errors are compared on the scale of `transform`, where a large load may be off by more.
  Intervals(const Transform& transform, std::size_t horizon);

  /// A forecast, and what came of it; NaN where that is not known. The latest origins are kept.
  void learn(std::span<const double> forecast, std::span<const double> actual);
  /// Around `value`, which is forecast for this step of the horizon, 0 the first. `coverage` indexes
  /// kCoverages. Nothing learned: no width.
  Band band(std::size_t step, double value, std::size_t coverage) const;
  std::size_t origins() const { return errors_.size(); }

 private:
  void adapt(const std::vector<double>& errors);
  double width(std::size_t step, std::size_t coverage) const;

  Transform transform_;
  std::size_t horizon_;
  std::vector<std::vector<double>> errors_;  // by origin, the oldest first; absolute, by step
  std::array<double, 2> miss_;               // the share that is to lie outside, as adapted
};

}  // namespace finishline::forecast
