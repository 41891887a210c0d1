#include "lb/model/fractional_load.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace finishline::model {
namespace {

constexpr double kTiny = 1e-11;  // entries are of the order of 1, see scale_
constexpr std::size_t kMostPivots = 100000;

}  // namespace

FractionalLoad::FractionalLoad(std::vector<double> time_per_unit, std::size_t request_types)
    : time_(std::move(time_per_unit)),
      types_(request_types),
      machines_(request_types == 0 ? 0 : time_.size() / request_types),
      scale_(types_, std::numeric_limits<double>::infinity()),
      columns_(machines_ + types_),
      gain_(columns_),
      free_(columns_) {
  std::iota(free_.begin(), free_.end(), std::size_t{0});
  for (std::size_t k = 0; k < types_; ++k) {
    for (std::size_t t = 0; t < machines_; ++t) scale_[k] = std::min(scale_[k], time(t, k));
    if (std::isinf(scale_[k])) scale_[k] = 0;
  }
  for (std::size_t t = 0; t < machines_; ++t) {
    for (std::size_t k = 0; k < types_; ++k) {
      if (std::isfinite(time(t, k))) add_row(t, k);
    }
  }
  table_.resize(table_.size() + columns_);  // the last row: the prices sum to at most 1
  std::fill_n(table_.end() - static_cast<std::ptrdiff_t>(columns_), machines_, 1.0);
  right_.push_back(1.0);
  basic_.push_back(columns_ + basic_.size());
}

/// z_k - a_tk y_t <= 0, with z_k counted in multiples of the least a_tk.
void FractionalLoad::add_row(std::size_t machine, std::size_t type) {
  const std::size_t row = basic_.size();
  table_.resize(table_.size() + columns_);
  cell(row, machine) = -time(machine, type) / scale_[type];
  cell(row, machines_ + type) = 1.0;
  right_.push_back(0.0);
  basic_.push_back(columns_ + row);
}

double FractionalLoad::solve(std::span<const double> volume, std::span<const double> busy) {
  price_columns(volume, busy);
  for (std::size_t i = 0; i < kMostPivots && improve(); ++i) {
  }
  read_prices();
  return value_of(volume, busy);
}

/// What raising each free variable by one gains, at the vertex where the table stands.
void FractionalLoad::price_columns(std::span<const double> volume, std::span<const double> busy) {
  std::vector<double> weight(columns_ + basic_.size(), 0.0);
  for (std::size_t t = 0; t < busy.size(); ++t) weight[t] = busy[t];
  for (std::size_t k = 0; k < types_; ++k) weight[machines_ + k] = volume[k] * scale_[k];
  const double total = std::accumulate(weight.begin(), weight.end(), 0.0);
  for (double& w : weight) w = total > 0 ? w / total : 0.0;
  for (std::size_t column = 0; column < columns_; ++column) {
    gain_[column] = weight[free_[column]];
    for (std::size_t row = 0; row < basic_.size(); ++row)
      gain_[column] -= weight[basic_[row]] * cell(row, column);
  }
}

/// One step of Bland's rule: the lowest-numbered variable that gains comes in, and of those that limit it
/// most the lowest-numbered goes out. False at the optimum.
bool FractionalLoad::improve() {
  std::size_t column = columns_;
  for (std::size_t c = 0; c < columns_; ++c) {
    if (gain_[c] > kTiny && (column == columns_ || free_[c] < free_[column])) column = c;
  }
  if (column == columns_) return false;

  std::size_t leaving = basic_.size();
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t row = 0; row < basic_.size(); ++row) {
    if (cell(row, column) <= kTiny) continue;
    const double limit = right_[row] / cell(row, column);
    if (limit < least || (limit == least && basic_[row] < basic_[leaving])) {
      least = limit;
      leaving = row;
    }
  }
  if (leaving == basic_.size()) return false;
  pivot(leaving, column);
  return true;
}

/// Exchanges basic_[row] and free_[column].
void FractionalLoad::pivot(std::size_t row, std::size_t column) {
  const double inverse = 1.0 / cell(row, column);
  cell(row, column) = 1.0;
  for (std::size_t c = 0; c < columns_; ++c) cell(row, c) *= inverse;
  right_[row] *= inverse;
  for (std::size_t r = 0; r < basic_.size(); ++r) {
    const double factor = r == row ? 0.0 : std::exchange(cell(r, column), 0.0);
    if (factor == 0.0) continue;
    for (std::size_t c = 0; c < columns_; ++c) cell(r, c) -= factor * cell(row, c);
    right_[r] = std::max(right_[r] - factor * right_[row], 0.0);
  }
  const double gained = std::exchange(gain_[column], 0.0);
  for (std::size_t c = 0; c < columns_; ++c) gain_[c] -= gained * cell(row, c);
  std::swap(basic_[row], free_[column]);
}

/// Where the table stands; the sum is made 1 and z what y allows, so that rounding in the table does not
/// count.
void FractionalLoad::read_prices() {
  machine_prices_.assign(machines_, 0.0);
  for (std::size_t row = 0; row < basic_.size(); ++row) {
    if (basic_[row] < machines_) machine_prices_[basic_[row]] = right_[row];
  }
  const double sum = std::accumulate(machine_prices_.begin(), machine_prices_.end(), 0.0);
  for (double& price : machine_prices_) price = sum > 0 ? price / sum : 0.0;

  request_prices_.assign(types_, 0.0);
  for (std::size_t k = 0; k < types_; ++k) {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t t = 0; t < machines_; ++t) {
      if (std::isfinite(time(t, k))) least = std::min(least, time(t, k) * machine_prices_[t]);
    }
    if (std::isfinite(least)) request_prices_[k] = least;
  }
}

/// The bound that the prices prove by themselves, whatever the table did to them.
double FractionalLoad::value_of(std::span<const double> volume, std::span<const double> busy) const {
  double value = 0;
  for (std::size_t k = 0; k < types_; ++k) value += std::max(volume[k], 0.0) * request_prices_[k];
  for (std::size_t t = 0; t < busy.size(); ++t) value += busy[t] * machine_prices_[t];
  return value;
}

}  // namespace finishline::model
