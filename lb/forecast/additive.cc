#include "lb/forecast/additive.h"

#include <cmath>

#include "lb/forecast/regression.h"
#include "lb/forecast/season.h"

namespace finishline::forecast {
namespace {

constexpr double kHalfLives = 3;  // the first step of a series counts 2^-3 of the last

// Longer series are fitted to means of neighbouring steps: as the model is a sum, so are the means.
constexpr std::size_t kMostRows = 4000;

struct Present {
  Eigen::MatrixXd rows;
  Eigen::VectorXd targets, weights;
};

/// The steps that have a value, in groups of `size` neighbours.
std::vector<std::vector<std::size_t>> groups_of(const Series& logs, std::size_t size) {
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t first = 0; first < logs.size(); first += size) {
    std::vector<std::size_t> group;
    for (std::size_t i = first; i < std::min(first + size, logs.size()); ++i)
      if (!is_missing(logs.values[i])) group.push_back(i);
    if (!group.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

/// One row for each group: the means, with weights that fade into the past.
Present present_rows(const Series& logs, const Waves& waves) {
  const auto groups = groups_of(logs, (logs.size() + kMostRows - 1) / kMostRows);
  const auto count = static_cast<Eigen::Index>(groups.size());
  Present present{Eigen::MatrixXd::Zero(count, static_cast<Eigen::Index>(waves.columns())),
                  Eigen::VectorXd::Zero(count), Eigen::VectorXd(count)};
  Eigen::RowVectorXd row(present.rows.cols());
  for (Eigen::Index i = 0; i < count; ++i) {
    const auto share = 1 / static_cast<double>(groups[i].size());
    for (const std::size_t step : groups[i]) {
      waves.write(step, row);
      present.rows.row(i) += share * row;
      present.targets(i) += share * logs.values[step];
    }
    const double age = 1 - static_cast<double>(groups[i].front()) / static_cast<double>(logs.size());
    present.weights(i) = std::exp2(-kHalfLives * age);
  }
  return present;
}

}  // namespace

AdditiveModel::AdditiveModel(const Series& series, const Calendar& calendar)
    : scaled_(series), waves_(series, calendar), next_(series.size()) {
  const Present present = present_rows(scaled_.series, waves_);
  const Eigen::VectorXd fitted =
      robust_ridge(present.rows, present.targets, present.weights, waves_.penalty()).coefficients;
  coefficients_.assign(fitted.begin(), fitted.end());
  Series rest = std::move(scaled_.series);
  scaled_.series = {};
  for (std::size_t i = 0; i < rest.size(); ++i) rest.values[i] -= sum_at(i);
  rest_ = std::make_unique<Autoregression>(rest, Autoregression::usual_lags(rest),
                                           Autoregression::Options{.level = false, .ridge = 1});
}

double AdditiveModel::sum_at(std::size_t step) const {
  Eigen::RowVectorXd row(static_cast<Eigen::Index>(waves_.columns()));
  waves_.write(step, row);
  double sum = 0;
  for (std::size_t i = 0; i < coefficients_.size(); ++i) sum += row(i) * coefficients_[i];
  return sum;
}

double AdditiveModel::part_at(Waves::Part part, std::size_t step) const {
  Eigen::RowVectorXd row(static_cast<Eigen::Index>(waves_.columns()));
  waves_.write(step, row);
  double sum = 0;
  for (std::size_t i = 0; i < coefficients_.size(); ++i)
    if (waves_.part_of(i) == part) sum += row(i) * coefficients_[i];
  return sum;
}

std::vector<double> AdditiveModel::forecast(std::size_t horizon) const {
  std::vector<double> values = rest_->forecast(horizon);
  for (std::size_t i = 0; i < horizon; ++i) values[i] += sum_at(next_ + i);
  return scaled_.restore(std::move(values));
}

void AdditiveModel::append(std::span<const double> values) {
  std::vector<double> rest = scaled_.forward(values);
  for (double& value : rest) value -= sum_at(next_++);
  rest_->append(rest);
}

std::unique_ptr<Model> fit_additive(const Series& series, const Calendar& calendar) {
  return std::make_unique<AdditiveModel>(series, calendar);
}

}  // namespace finishline::forecast
