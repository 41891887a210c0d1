#include "lb/model/confidence.h"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

namespace finishline::model {

double student_t(double confidence, double freedom) {
  return boost::math::quantile(
      boost::math::complement(boost::math::students_t(freedom), (1 - confidence) / 2));
}

Interval share_interval(double hits, double trials, double confidence) {
  if (trials <= 0) return {0, 1};
  const double z =
      boost::math::quantile(boost::math::complement(boost::math::normal(), (1 - confidence) / 2));
  const double share = hits / trials, square = z * z / trials;
  const double middle = (share + square / 2) / (1 + square);
  const double reach = z / (1 + square) * std::sqrt(share * (1 - share) / trials + square / trials / 4);
  return {std::clamp(middle - reach, 0.0, share), std::clamp(middle + reach, share, 1.0)};
}

std::optional<Interval> quantile_ranks(double share, double samples, double confidence) {
  const double tail = (1 - confidence) / 2;
  if (samples < 1 || std::pow(share, samples) > tail || std::pow(1 - share, samples) > tail)
    return std::nullopt;
  const double below = share * samples, above = (1 - share) * samples;
  using boost::math::beta_distribution;
  return Interval{boost::math::quantile(beta_distribution(below, above + 1), tail),
                  boost::math::quantile(boost::math::complement(beta_distribution(below + 1, above), tail))};
}

Measured difference(const Measured& a, const Measured& b) {
  const double value = a.value - b.value;
  return {value,
          {value - std::hypot(a.value - a.within.low, b.within.high - b.value),
           value + std::hypot(a.within.high - a.value, b.value - b.within.low)}};
}

}  // namespace finishline::model
