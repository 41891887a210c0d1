#include "lb/forecast/week_profile.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "lb/forecast/robust.h"
#include "lb/forecast/season.h"
#include "lb/forecast/transform.h"

namespace finishline::forecast {
namespace {

// How much of the way to the present the level goes with each step, and how much of the last distance from it
// is left after each: those that would have been least wrong for this series are taken.
constexpr std::array kRates{0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6};
constexpr std::array kCarries{0.0, 0.5, 0.8, 0.9, 0.96, 0.99};
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

/// How fast the level follows, and distances from it are forgotten.
struct ProfilePace {
  double rate = kRates.front(), carry = kCarries.front();
};

/// Where a series without its profile stands.
class ProfileLevel {
 public:
  void follow(double value, const ProfilePace& pace) {
    if (is_missing(value)) {
      off_ *= pace.carry;
      return;
    }
    level_ = begun_ ? level_ + pace.rate * (value - level_) : value;
    off_ = value - level_;
    begun_ = true;
  }
  /// When `kept` of the last distance is left.
  double at(double kept) const { return level_ + kept * off_; }
  bool begun() const { return begun_; }

 private:
  bool begun_ = false;
  double level_ = 0, off_ = 0;
};

class WeekProfile : public Model {
 public:
  explicit WeekProfile(const Series& series) : scaled_(series), profile_(main_period(series), 0) {
    const Series recent = series.part(series.size() - std::min(series.size(), kWeeksRead * profile_.size()));
    Series logs = scaled_.series.part(series.size() - recent.size());
    scaled_.series = {};
    if (profile_.size() > 1) learn_profile(logs);
    ahead_ = std::max<std::size_t>(steps_in(series, kDay) / 2, 1);
    pace_ = best_pace(logs.values);
    follow(logs.values);
  }

  std::vector<double> forecast(std::size_t horizon) const override {
    std::vector<double> values(horizon);
    for (std::size_t i = 0; i < horizon; ++i)
      values[i] = level_.at(std::pow(pace_.carry, static_cast<double>(i + 1))) +
                  profile_[(next_ + i) % profile_.size()];
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

  ProfilePace best_pace(const std::vector<double>& logs) const {
    ProfilePace best;
    double least = -1;
    for (const double rate : kRates) {
      for (const double carry : kCarries) {
        const double error = error_of({rate, carry}, logs);
        if (least >= 0 && error >= least) continue;
        best = {rate, carry};
        least = error;
      }
    }
    return best;
  }
  /// Of the next step and of the one half a day ahead together.
  double error_of(const ProfilePace& pace, const std::vector<double>& logs) const {
    double error = 0;
    ProfileLevel level;
    const double far = std::pow(pace.carry, static_cast<double>(ahead_));
    for (std::size_t i = 0; i + ahead_ < logs.size(); ++i) {
      level.follow(logs[i] - profile_[i % profile_.size()], pace);
      if (!level.begun()) continue;
      for (const std::size_t steps : {std::size_t{1}, ahead_}) {
        const double value = logs[i + steps] - profile_[(i + steps) % profile_.size()];
        if (!is_missing(value)) error += std::abs(value - level.at(steps == 1 ? pace.carry : far));
      }
    }
    return error;
  }

  void follow(const std::vector<double>& logs) {
    for (const double value : logs) {
      level_.follow(value - profile_[next_], pace_);
      next_ = (next_ + 1) % profile_.size();
    }
  }

  Scaled scaled_;
  std::vector<double> profile_;  // above the level, by phase
  std::size_t ahead_ = 1;
  ProfilePace pace_;
  ProfileLevel level_;
  std::size_t next_ = 0;  // phase
};

}  // namespace

std::unique_ptr<Model> fit_week_profile(const Series& series, const Calendar&) {
  return std::make_unique<WeekProfile>(series);
}

}  // namespace finishline::forecast
