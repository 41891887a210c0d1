// Least squares with a ridge, made robust by reweighting (Huber 1964): rows that fit badly count less. Pure.
#pragma once

#include <eigen3/Eigen/Dense>

namespace finishline::forecast {

struct Regression {
  Eigen::VectorXd coefficients;
  double deviation = 0;  // of the residuals, robust
};

struct RidgeOptions {
  int rounds = 5;      // of reweighting; 1 is plain least squares
  double huber = 1.5;  // residuals beyond so many deviations count by their size, no longer by its square
};

/// `weights` says how much each row counts to begin with; `penalty` holds each coefficient to 0: it is one
/// over the square of what the coefficient is usually like, and weighs against the rows by their deviation,
/// as a normal prior does. As many coefficients as columns, finite whatever the rows are.
Regression robust_ridge(const Eigen::MatrixXd& rows, const Eigen::VectorXd& targets,
                        const Eigen::VectorXd& weights, const Eigen::VectorXd& penalty,
                        const RidgeOptions& options = {});

}  // namespace finishline::forecast
