#include "lb/forecast/week_profile.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "lb/forecast/robust.h"
#include "lb/forecast/season.h"
#include "lb/forecast/transform.h"

namespace finishline::forecast {
namespace {

// How much of the way to the present the level goes with each step; the best for this series is taken.
constexpr std::array kRates{0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6};
constexpr std::size_t kWeeksRead = 8;

/// The mean of the whole season around each value.
std::vector<double> level_of(const std::vector<double>& values, std::size_t period) {
  std::vector<double> sums(values.size() + 1, 0), level;
  for (std::size_t i = 0; i < values.size(); ++i) sums[i + 1] = sums[i] + values[i];
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t first =
        std::min(i - std::min(i, period / 2), values.size() - std::min(values.size(), period));
    const std::size_t end = std::min(first + period, values.size());
    level.push_back((sums[end] - sums[first]) / static_cast<double>(end - first));
  }
  return level;
}

class WeekProfile : public Model {
 public:
  explicit WeekProfile(const Series& series) : scaled_(series), profile_(main_period(series), 0) {
    const Series recent = series.part(series.size() - std::min(series.size(), kWeeksRead * profile_.size()));
    Series logs = scaled_.series.part(series.size() - recent.size());
    scaled_.series = {};
    if (profile_.size() > 1) learn_profile(logs);
    ahead_ = std::max<std::size_t>(steps_in(series, kDay) / 2, 1);
    rate_ = best_rate(logs.values);
    follow(logs.values);
  }

  std::vector<double> forecast(std::size_t horizon) const override {
    std::vector<double> values(horizon);
    for (std::size_t i = 0; i < horizon; ++i) values[i] = level_ + profile_[(next_ + i) % profile_.size()];
    return scaled_.restore(std::move(values));
  }
  void append(std::span<const double> values) override { follow(scaled_.forward(values)); }

 private:
  void learn_profile(const Series& logs) {
    const std::vector<double> values = filled(logs);
    if (values.empty()) return;
    const std::vector<double> level = level_of(values, profile_.size());
    for (std::size_t phase = 0; phase < profile_.size(); ++phase) {
      std::vector<double> above;
      for (std::size_t i = phase; i < values.size(); i += profile_.size())
        if (!is_missing(logs.values[i])) above.push_back(values[i] - level[i]);
      profile_[phase] = above.empty() ? 0 : median(std::move(above));
    }
  }

  /// The one that would have been least wrong half a day ahead.
  double best_rate(const std::vector<double>& logs) const {
    double best = kRates[0], least = -1;
    for (const double rate : kRates) {
      const double error = error_of(rate, logs);
      if (least >= 0 && error >= least) continue;
      best = rate;
      least = error;
    }
    return best;
  }
  double error_of(double rate, const std::vector<double>& logs) const {
    double error = 0, level = 0;
    bool begun = false;
    for (std::size_t i = 0; i + ahead_ < logs.size(); ++i) {
      if (is_missing(logs[i])) continue;
      const double now = logs[i] - profile_[i % profile_.size()];
      level = begun ? level + rate * (now - level) : now;
      begun = true;
      const std::size_t then = i + ahead_;
      if (!is_missing(logs[then])) error += std::abs(logs[then] - profile_[then % profile_.size()] - level);
    }
    return error;
  }

  void follow(const std::vector<double>& logs) {
    for (const double value : logs) {
      const double now = value - profile_[next_];
      if (!is_missing(value)) level_ = begun_ ? level_ + rate_ * (now - level_) : now;
      begun_ = begun_ || !is_missing(value);
      next_ = (next_ + 1) % profile_.size();
    }
  }

  Scaled scaled_;
  std::vector<double> profile_;  // above the level, by phase
  std::size_t ahead_ = 1;
  double rate_ = 0;
  double level_ = 0;
  bool begun_ = false;
  std::size_t next_ = 0;  // phase
};

}  // namespace

std::unique_ptr<Model> fit_week_profile(const Series& series, const Calendar&) {
  return std::make_unique<WeekProfile>(series);
}

}  // namespace finishline::forecast
