#include "lb/forecast/season.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "lb/forecast/robust.h"

namespace finishline::forecast {
namespace {

/// Of the values of each phase their median.
std::vector<double> profile_of(const std::vector<double>& values, std::size_t period) {
  std::vector<double> profile;
  for (std::size_t phase = 0; phase < period; ++phase) {
    std::vector<double> same;
    for (std::size_t i = phase; i < values.size(); i += period) {
      if (!is_missing(values[i])) same.push_back(values[i]);
    }
    profile.push_back(same.empty() ? 0 : median(std::move(same)));
  }
  return profile;
}

/// Each value less the mean of the period that ends with it.
std::vector<double> without_level(const std::vector<double>& values, std::size_t period) {
  std::vector<double> rest;
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    sum += values[i] - (i >= period ? values[i - period] : 0);
    rest.push_back(i + 1 >= period ? values[i] - sum / static_cast<double>(period) : kMissing);
  }
  return rest;
}

}  // namespace

std::size_t steps_in(const Series& series, const Season& season) {
  const double steps = season.length_s / static_cast<double>(series.step_s);
  const auto whole = static_cast<std::size_t>(std::llround(steps));
  if (whole < 2 || series.size() < 2 * whole) return 0;
  return season.length_s == kYear.length_s || steps == std::floor(steps) ? whole : 0;
}

double strength_of(const Series& series, const Season& season) {
  const std::size_t period = steps_in(series, season);
  if (period == 0) return 0;
  const std::vector<double> rest = without_level(filled(series), period);
  const std::vector<double> profile = profile_of(rest, period);
  double all = 0, left = 0;
  for (std::size_t i = period; i < rest.size(); ++i) {
    all += std::abs(rest[i]);
    left += std::abs(rest[i] - profile[i % period]);
  }
  return all > 0 ? std::max(0.0, 1 - left / all) : 0;
}

std::size_t main_period(const Series& series) {
  if (const std::size_t week = steps_in(series, kWeek); week > 0) return week;
  return std::max<std::size_t>(steps_in(series, kDay), 1);
}

}  // namespace finishline::forecast
