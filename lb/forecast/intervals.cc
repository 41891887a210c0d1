#include "lb/forecast/intervals.h"

#include <algorithm>
#include <cmath>

#include "lb/forecast/robust.h"

namespace finishline::forecast {
namespace {

constexpr std::size_t kOriginsKept = 80;
constexpr std::size_t kErrorsWanted = 60;  // neighbouring steps are asked, too, until there are as many
constexpr double kLearningRate = 0.03;
constexpr std::size_t kLeastOrigins = 6;  // before the share outside is held against what it should be

}  // namespace

Intervals::Intervals(const Transform& transform, std::size_t horizon)
    : transform_(transform), horizon_(horizon), miss_{1 - kCoverages[0], 1 - kCoverages[1]} {}

void Intervals::learn(std::span<const double> forecast, std::span<const double> actual) {
  std::vector<double> errors(horizon_, kMissing);
  for (std::size_t i = 0; i < std::min({horizon_, forecast.size(), actual.size()}); ++i)
    errors[i] = std::abs(transform_.forward(actual[i]) - transform_.forward(forecast[i]));
  if (errors_.size() >= kLeastOrigins) adapt(errors);
  errors_.push_back(std::move(errors));
  if (errors_.size() > kOriginsKept) errors_.erase(errors_.begin());
}

void Intervals::adapt(const std::vector<double>& errors) {
  for (std::size_t coverage = 0; coverage < kCoverages.size(); ++coverage) {
    double outside = 0, known = 0;
    for (std::size_t step = 0; step < horizon_; ++step) {
      if (is_missing(errors[step])) continue;
      known += 1;
      outside += errors[step] > width(step, coverage) ? 1 : 0;
    }
    if (known == 0) continue;
    const double wanted = 1 - kCoverages[coverage];
    miss_[coverage] =
        std::clamp(miss_[coverage] + kLearningRate * (wanted - outside / known), -wanted, 2 * wanted);
  }
}

double Intervals::width(std::size_t step, std::size_t coverage) const {
  if (errors_.empty()) return 0;
  const std::size_t beside = (kErrorsWanted / errors_.size() + 1) / 2;
  std::vector<double> errors;
  for (const std::vector<double>& origin : errors_) {
    for (std::size_t i = step - std::min(step, beside); i < std::min(step + beside + 1, horizon_); ++i)
      if (!is_missing(origin[i])) errors.push_back(origin[i]);
  }
  // One more error, the one to come, may be the largest.
  const auto count = static_cast<double>(errors.size());
  const double share = (1 - miss_[coverage]) * (count + 1) / count;
  const double beyond = std::max(0.0, share - 1);  // further out than any error was
  return quantile(std::move(errors), share) * (1 + 4 * beyond);
}

Band Intervals::band(std::size_t step, double value, std::size_t coverage) const {
  const double middle = transform_.forward(value), off = width(step, coverage);
  return {std::min(transform_.backward(middle - off), value),
          std::max(transform_.backward(middle + off), value)};
}

}  // namespace finishline::forecast
