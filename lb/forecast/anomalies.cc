#include "lb/forecast/anomalies.h"

#include <algorithm>
#include <cmath>

#include "lb/forecast/robust.h"
#include "lb/forecast/season.h"

namespace finishline::forecast {
namespace {

constexpr std::size_t kMostAsked = 300;   // values for one median
constexpr std::size_t kLeastWindow = 12;  // steps
constexpr double kAlike = 0.3;            // strength from which a season counts
constexpr std::size_t kWeeks = 4;         // fewer do not tell what is usual in a week
constexpr double kUsual = 0.99;           // of all distances
constexpr double kChance = 4.5;           // robust deviations
constexpr double kTiny = 1e-12;

/// The median of up to `window` values before each step; missing where there is none.
std::vector<double> medians_before(const std::vector<double>& values, std::size_t window) {
  const std::size_t every = std::max<std::size_t>(window / kMostAsked, 1);
  std::vector<double> medians;
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::vector<double> before;
    for (std::size_t back = 1; back <= std::min(window, i); back += every)
      if (!is_missing(values[i - back])) before.push_back(values[i - back]);
    medians.push_back(before.empty() ? kMissing : median(std::move(before)));
  }
  return medians;
}

/// What each phase of a season usually adds, taken away from the values and returned.
std::vector<double> take_season(std::vector<double>& values, std::size_t period) {
  std::vector<double> adds(period, 0);
  for (std::size_t phase = 0; phase < period; ++phase) {
    std::vector<double> same;
    for (std::size_t i = phase; i < values.size(); i += period)
      if (!is_missing(values[i])) same.push_back(values[i]);
    adds[phase] = median(std::move(same));
  }
  for (std::size_t i = 0; i < values.size(); ++i) values[i] -= adds[i % period];
  return adds;
}

/// The distance that a hundredth of all reach, but at least one that chance alone would hardly make.
double unit_of(const std::vector<double>& distances) {
  std::vector<double> known, sizes;
  for (const double distance : distances) {
    if (is_missing(distance)) continue;
    known.push_back(distance);
    sizes.push_back(std::abs(distance));
  }
  const double by_chance = kChance * robust_deviation(known);
  return std::max({quantile(std::move(sizes), kUsual), by_chance, kTiny});
}

}  // namespace

std::vector<Anomaly> anomalies(const Series& series, const AnomalyOptions& options) {
  std::vector<double> values = series.values, adds{0};
  const std::size_t day = steps_in(series, kDay), week = steps_in(series, kWeek);
  if (values.size() >= kWeeks * week && strength_of(series, kWeek) >= kAlike)
    adds = take_season(values, week);
  else if (strength_of(series, kDay) >= kAlike)
    adds = take_season(values, day);
  const std::size_t window = std::max(day > 0 ? day / 4 : values.size() / 50, kLeastWindow);
  const std::vector<double> expected = medians_before(values, window);
  std::vector<double> distances;
  for (std::size_t i = 0; i < values.size(); ++i)
    distances.push_back(i < kLeastWindow ? kMissing : values[i] - expected[i]);
  const double unit = unit_of(distances);
  std::vector<Anomaly> found;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double score = distances[i] / unit;
    if (std::abs(score) > options.threshold) found.push_back({i, expected[i] + adds[i % adds.size()], score});
  }
  return found;
}

}  // namespace finishline::forecast
