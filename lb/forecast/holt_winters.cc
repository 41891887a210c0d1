#include "lb/forecast/holt_winters.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "lb/forecast/season.h"
#include "lb/forecast/transform.h"

namespace finishline::forecast {
namespace {

/// How fast each part follows, 0 to 1.
struct SmoothingRates {
  double level = 0.1, trend = 0.01, damping = 0.95, day = 0.1, week = 0.1, carry = 0.5;
};
struct RateChoice {
  double SmoothingRates::*rate;
  std::array<double, 5> values;
};
// One rate after the other is set to the value that would have been least wrong one step ahead, twice around.
constexpr std::array kChoices{
    RateChoice{&SmoothingRates::carry, {0, 0.3, 0.6, 0.8, 0.95}},
    RateChoice{&SmoothingRates::level, {0.005, 0.02, 0.1, 0.3, 0.7}},
    RateChoice{&SmoothingRates::day, {0, 0.02, 0.08, 0.2, 0.4}},
    RateChoice{&SmoothingRates::week, {0, 0.05, 0.15, 0.3, 0.5}},
    RateChoice{&SmoothingRates::trend, {0, 0.001, 0.01, 0.05, 0.1}},
    RateChoice{&SmoothingRates::damping, {0.8, 0.9, 0.95, 0.98, 0.995}},
};
constexpr int kRounds = 2;
constexpr double kWild =
    4;  // an error of so many usual ones is cut to that, so that one spike teaches little

/// Where the smoothing stands.
class Smoothing {
 public:
  Smoothing(std::size_t day, std::size_t week)
      : day_(std::max<std::size_t>(day, 1), 0), week_(std::max<std::size_t>(week, 1), 0) {}

  /// Returns by how much the next value was not what was expected; 0 where it is missing.
  double follow(double value, const SmoothingRates& rates) {
    double& day = day_[next_ % day_.size()];
    double& week = week_[next_ % week_.size()];
    ++next_;
    const double before = level_ + rates.damping * trend_;
    double error = is_missing(value) ? 0 : value - (before + day + week + rates.carry * last_error_);
    const double told = is_missing(value) ? rates.carry * last_error_ : value - (before + day + week);
    if (!begun_ && !is_missing(value)) return begin(value);
    const double limit = kWild * usual_error_;
    const double learned = std::clamp(error, -limit, limit);
    if (!is_missing(value)) usual_error_ += 0.02 * (std::min(std::abs(error), 2 * limit) - usual_error_);
    level_ = before + rates.level * learned;
    trend_ = rates.damping * trend_ + rates.trend * learned;
    if (day_.size() > 1) day += rates.day * learned;
    if (week_.size() > 1) week += rates.week * learned;
    last_error_ = told;
    return error;
  }

  /// What is expected `step` steps after the next one.
  double at(std::size_t step, const SmoothingRates& rates) const {
    const double steps = static_cast<double>(step) + 1, kept = std::pow(rates.damping, steps);
    const double trend = rates.damping * (1 - kept) / (1 - rates.damping) * trend_;
    return level_ + trend + day_[(next_ + step) % day_.size()] + week_[(next_ + step) % week_.size()] +
           std::pow(rates.carry, steps) * last_error_;
  }
  /// With what it knows of the seasons, at the first step.
  Smoothing again() const {
    Smoothing state = *this;
    state.begun_ = false;
    state.next_ = 0;
    state.trend_ = state.last_error_ = 0;
    return state;
  }

 private:
  double begin(double value) {
    begun_ = true;
    level_ = value - day_[0] - week_[0];
    usual_error_ = 0.1 + 0.1 * std::abs(value);
    return 0;
  }

  bool begun_ = false;
  double level_ = 0, trend_ = 0, last_error_ = 0, usual_error_ = 0;
  std::vector<double> day_, week_;
  std::size_t next_ = 0;
};

class HoltWinters : public Model {
 public:
  explicit HoltWinters(const Series& series)
      : scaled_(series), day_(steps_in(series, kDay)), week_(steps_in(series, kWeek)), state_(day_, week_) {
    const std::vector<double> logs = std::move(scaled_.series.values);
    double least = error_of(logs);
    for (int round = 0; round < kRounds; ++round)
      for (const RateChoice& choice : kChoices) least = improve(choice, logs, least);
    state_ = begun(logs);
    for (const double value : logs) state_.follow(value, rates_);
  }

  std::vector<double> forecast(std::size_t horizon) const override {
    std::vector<double> values(horizon);
    for (std::size_t i = 0; i < horizon; ++i) values[i] = state_.at(i, rates_);
    return scaled_.restore(std::move(values));
  }
  void append(std::span<const double> values) override {
    for (const double value : scaled_.forward(values)) state_.follow(value, rates_);
  }

 private:
  double improve(const RateChoice& choice, const std::vector<double>& logs, double least) {
    double best = rates_.*choice.rate;
    for (const double value : choice.values) {
      rates_.*choice.rate = value;
      const double error = error_of(logs);
      if (error >= least) continue;
      least = error;
      best = value;
    }
    rates_.*choice.rate = best;
    return least;
  }
  /// Of the next step and of the one half a day ahead together, once the seasons have been seen.
  double error_of(const std::vector<double>& logs) const {
    Smoothing state = begun(logs);
    const std::size_t warm = std::min(std::max(day_, week_), logs.size() / 2);
    const std::size_t ahead = std::max<std::size_t>(day_ / 2, 2);
    double error = 0;
    for (std::size_t i = 0; i < logs.size(); ++i) {
      const double wrong = std::abs(state.follow(logs[i], rates_));
      if (i < warm || i + ahead >= logs.size()) continue;
      const double then = std::abs(logs[i + ahead] - state.at(ahead - 1, rates_));
      error += wrong + (is_missing(then) ? 0 : then);
    }
    return error;
  }
  /// Has seen the first two seasons once already.
  Smoothing begun(const std::vector<double>& logs) const {
    Smoothing state(day_, week_);
    const std::size_t first = std::min(2 * std::max(day_, week_), logs.size());
    for (std::size_t i = 0; i < first; ++i)
      state.follow(logs[i], {.level = 0.02, .trend = 0, .day = 0.3, .week = 0.3});
    return state.again();
  }

  Scaled scaled_;
  std::size_t day_, week_;
  SmoothingRates rates_;
  Smoothing state_;
};

}  // namespace

std::unique_ptr<Model> fit_holt_winters(const Series& series, const Calendar&) {
  return std::make_unique<HoltWinters>(series);
}

}  // namespace finishline::forecast
