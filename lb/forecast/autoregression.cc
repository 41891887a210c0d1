#include "lb/forecast/autoregression.h"

#include <algorithm>
#include <cmath>

#include "lb/forecast/regression.h"
#include "lb/forecast/season.h"

namespace finishline::forecast {
namespace {

constexpr std::size_t kRowsPerLag = 3;
// A row counts half as much after so many steps, or two weeks: habits change.
constexpr std::size_t kLeastHalfLife = 300;

/// The longest lags go until the rows that are left are enough for the rest.
std::vector<std::size_t> affordable(std::vector<std::size_t> lags, std::size_t size) {
  std::ranges::sort(lags);
  lags.erase(std::ranges::unique(lags).begin(), lags.end());
  while (!lags.empty() && lags.back() + kRowsPerLag * (lags.size() + 1) > size) lags.pop_back();
  return lags;
}

}  // namespace

std::vector<std::size_t> Autoregression::usual_lags(const Series& series) {
  std::vector<std::size_t> lags{1, 2, 3};
  for (const Season& season : {kDay, kWeek}) {
    const std::size_t period = steps_in(series, season);
    if (period == 0) continue;
    for (const std::size_t lag : {period - 1, period, period + 1}) lags.push_back(lag);
  }
  return lags;
}

Autoregression::Autoregression(const Series& series, std::vector<std::size_t> lags, const Options& options)
    : lags_(affordable(std::move(lags), series.size())) {
  std::vector<double> values = filled(series);
  if (values.empty()) values.assign(1, 0);
  fit(series, values, options);
  const std::size_t longest = lags_.empty() ? 1 : lags_.back();
  tail_.assign(values.end() - static_cast<std::ptrdiff_t>(std::min(longest, values.size())), values.end());
}

void Autoregression::fit(const Series& series, const std::vector<double>& values, const Options& options) {
  const std::size_t first = lags_.empty() ? 0 : lags_.back();
  std::vector<std::size_t> targets;
  for (std::size_t t = first; t < series.size(); ++t)
    if (!is_missing(series.values[t])) targets.push_back(t);
  const auto count = static_cast<Eigen::Index>(targets.size());
  const auto lags = static_cast<Eigen::Index>(lags_.size());
  Eigen::MatrixXd rows = Eigen::MatrixXd::Ones(count, lags + (options.level ? 1 : 0));
  Eigen::VectorXd wanted(count), weights(count);
  const auto half_life = static_cast<double>(std::max(2 * main_period(series), kLeastHalfLife));
  for (Eigen::Index i = 0; i < count; ++i) {
    for (Eigen::Index j = 0; j < lags; ++j) rows(i, j) = values[targets[i] - lags_[j]];
    wanted(i) = values[targets[i]];
    weights(i) = std::exp2(-static_cast<double>(series.size() - targets[i]) / half_life);
  }
  Eigen::VectorXd penalty = Eigen::VectorXd::Constant(rows.cols(), options.ridge);
  if (options.level) penalty(lags) = 0;
  const Eigen::VectorXd fitted = robust_ridge(rows, wanted, weights, penalty).coefficients;
  coefficients_.assign(fitted.begin(), fitted.end());
}

double Autoregression::next_after(const std::vector<double>& values) const {
  double sum = coefficients_.size() > lags_.size() ? coefficients_.back() : 0;
  for (std::size_t i = 0; i < lags_.size(); ++i) sum += coefficients_[i] * values[values.size() - lags_[i]];
  return sum;
}

void Autoregression::append(std::span<const double> values) {
  const std::size_t keep = tail_.size();
  for (const double value : values) tail_.push_back(is_missing(value) ? next_after(tail_) : value);
  tail_.erase(tail_.begin(), tail_.end() - static_cast<std::ptrdiff_t>(keep));
}

std::vector<double> Autoregression::forecast(std::size_t horizon) const {
  std::vector<double> values = tail_;
  for (std::size_t i = 0; i < horizon; ++i) values.push_back(next_after(values));
  return {values.end() - static_cast<std::ptrdiff_t>(horizon), values.end()};
}

}  // namespace finishline::forecast
