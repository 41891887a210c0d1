// How far figures from samples can be trusted: confidence intervals, each by the formula that its function
// names. A confidence is a share between 0 and 1, as 0.99. Pure.
#pragma once

#include <optional>

namespace finishline::model {

struct Interval {
  double low = 0, high = 0;
};

/// How many standard errors Student's t with `freedom` degrees stays within, to both sides: 2.228 for 0.95
/// and
/// 10. `freedom` >= 1.
double student_t(double confidence, double freedom);

/// Of the share `hits` / `trials`: the score interval of E. B. Wilson (Journal of the American Statistical
/// Association 22, 1927). [0, 1] when there were no trials.
Interval share_interval(double hits, double trials, double confidence);

/// Between which shares of the sorted samples the true quantile `share` lies: R. S. Woodruff's interval
/// (Journal of the American Statistical Association 47, 1952), with the bounds of C. J. Clopper and E. S.
/// Pearson (Biometrika 26, 1934) at an effective number of samples, which need not be whole (E. L. Korn and
/// B. I. Graubard, Survey Methodology 24, 1998). Nothing when there are so few that the largest or the
/// smallest sample may well be on the wrong side of the quantile.
std::optional<Interval> quantile_ranks(double share, double samples, double confidence);

/// What was found, and within which bounds it lies.
struct Measured {
  double value = 0;
  Interval within;
};

/// Of a - b, found independently: G. Y. Zou and A. Donner, Statistics in Medicine 27, 2008; of two shares it
/// is method 10 of R. G. Newcombe, Statistics in Medicine 17, 1998.
Measured difference(const Measured& a, const Measured& b);

}  // namespace finishline::model
