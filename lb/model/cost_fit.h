// What a cost really is, from the service times of many requests. Pure.
//
// Each sample is ln(service / declared service). The fit is P. J. Huber's estimate of their middle (Annals of
// Mathematical Statistics 35, 1964): a sample that is more than 2.5 robust standard deviations off (the
// median of the distances from the median, by 0.6745) counts as one that is just so far off, as in the
// running proxy's cost learner, so that a stalled reply does not upset it. Its standard error is that of the
// same work; the interval goes by Student's t.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "lb/model/confidence.h"

namespace finishline::model {

struct CostFit {
  double log_factor = 0;  // ln of real cost / declared cost
  double error = 0;       // standard error of that
  double spread = 0;      // standard deviation of one sample, robust
  std::size_t samples = 0;

  /// Within which bounds real cost / declared cost lies.
  Interval factor_within(double confidence) const;
};

inline constexpr std::size_t kFewestCostSamples = 3;
/// Nothing for fewer samples than that.
std::optional<CostFit> fit_cost(std::vector<double> log_ratios);

}  // namespace finishline::model
