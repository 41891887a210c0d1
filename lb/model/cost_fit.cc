#include "lb/model/cost_fit.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace finishline::model {
namespace {

constexpr double kOutlier = 2.5;
constexpr double kOfNormal = 0.6744897501960817;  // median distance from the median, in standard deviations
constexpr int kMostRounds = 50;
constexpr double kClose = 1e-12;

double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

double robust_spread(const std::vector<double>& values, double middle) {
  std::vector<double> distances;
  distances.reserve(values.size());
  for (const double value : values) distances.push_back(std::abs(value - middle));
  return median_of(distances) / kOfNormal;
}

/// The mean when what is farther off than `limit` is brought to that.
double held_mean(const std::vector<double>& values, double middle, double limit) {
  double sum = 0;
  for (const double value : values) sum += std::clamp(value - middle, -limit, limit);
  return middle + sum / static_cast<double>(values.size());
}

/// From the influence of each sample (P. J. Huber, Robust Statistics, 1981, chapter 6).
double standard_error(const std::vector<double>& values, double middle, double limit) {
  double squares = 0, inside = 0;
  for (const double value : values) {
    const double off = std::clamp(value - middle, -limit, limit);
    squares += off * off;
    inside += std::abs(value - middle) <= limit ? 1 : 0;
  }
  const auto n = static_cast<double>(values.size());
  return inside > 0 ? std::sqrt(squares * n / (n - 1)) / inside : 0;
}

}  // namespace

Interval CostFit::factor_within(double confidence) const {
  const double reach = student_t(confidence, static_cast<double>(samples - 1)) * error;
  return {std::exp(log_factor - reach), std::exp(log_factor + reach)};
}

std::optional<CostFit> fit_cost(std::vector<double> log_ratios) {
  if (log_ratios.size() < kFewestCostSamples) return std::nullopt;
  double middle = median_of(log_ratios);
  const double spread = robust_spread(log_ratios, middle), limit = kOutlier * spread;
  for (int round = 0; round < kMostRounds && spread > 0; ++round) {
    const double better = held_mean(log_ratios, middle, limit);
    if (std::abs(std::exchange(middle, better) - better) < kClose) break;
  }
  return CostFit{middle, standard_error(log_ratios, middle, limit), spread, log_ratios.size()};
}

}  // namespace finishline::model
