#include "lb/forecast/regression.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "lb/forecast/robust.h"

namespace finishline::forecast {
namespace {

constexpr double kLeastDeviation = 1e-9;
constexpr double kFirstDeviation = 0.3;  // of what the targets vary: before anything is known of the fit

Eigen::VectorXd solve(const Eigen::MatrixXd& rows, const Eigen::VectorXd& targets,
                      const Eigen::VectorXd& weights, const Eigen::VectorXd& penalty) {
  const Eigen::MatrixXd weighted = weights.cwiseSqrt().asDiagonal() * rows;
  Eigen::MatrixXd gram = penalty.asDiagonal();
  gram.selfadjointView<Eigen::Lower>().rankUpdate(weighted.transpose());
  gram.diagonal().array() += 1e-9 * std::max(gram.diagonal().maxCoeff(), kLeastDeviation);
  return gram.selfadjointView<Eigen::Lower>().ldlt().solve(rows.transpose() * weights.cwiseProduct(targets));
}

/// Root mean square: what the first round has to go by.
double spread_of(const Eigen::VectorXd& residuals) {
  return std::sqrt(residuals.squaredNorm() /
                   static_cast<double>(std::max<Eigen::Index>(residuals.size(), 1)));
}

double robust_spread_of(const Eigen::VectorXd& residuals) {
  const double robust = robust_deviation({residuals.begin(), residuals.end()});
  return std::max(robust, kLeastDeviation * (1 + spread_of(residuals)));
}

/// Huber's: 1 up to `limit`, and then less.
Eigen::VectorXd trust_in(const Eigen::VectorXd& residuals, double limit) {
  return residuals.unaryExpr([limit](double r) { return std::abs(r) <= limit ? 1.0 : limit / std::abs(r); });
}

}  // namespace

Regression robust_ridge(const Eigen::MatrixXd& rows, const Eigen::VectorXd& targets,
                        const Eigen::VectorXd& weights, const Eigen::VectorXd& penalty,
                        const RidgeOptions& options) {
  Regression result{Eigen::VectorXd::Zero(rows.cols()), 0};
  if (rows.rows() == 0 || rows.cols() == 0) return result;
  Eigen::VectorXd trust = weights;
  result.deviation = kFirstDeviation * spread_of(targets.array() - targets.mean());
  for (int round = 0; round < options.rounds; ++round) {
    result.coefficients = solve(rows, targets, trust, result.deviation * result.deviation * penalty);
    const Eigen::VectorXd residuals = targets - rows * result.coefficients;
    result.deviation = robust_spread_of(residuals);
    trust = weights.cwiseProduct(trust_in(residuals, options.huber * result.deviation));
  }
  if (!result.coefficients.allFinite()) result.coefficients.setZero();
  return result;
}

}  // namespace finishline::forecast
