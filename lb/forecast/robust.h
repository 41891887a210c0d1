// Statistics that single wild values do not move. Pure.
#pragma once

#include <vector>

namespace finishline::forecast {

/// The middle one, or the mean of the two in the middle; 0 for none.
double median(std::vector<double> values);
/// The value below which `share` (0 to 1) of them lie, between neighbours by a straight line; 0 for none.
double quantile(std::vector<double> values, double share);
/// The median distance from the median, scaled so that it is the standard deviation of normal values.
double robust_deviation(const std::vector<double>& values);

}  // namespace finishline::forecast
