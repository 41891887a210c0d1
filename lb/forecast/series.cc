#include "lb/forecast/series.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "lb/forecast/robust.h"
#include "lb/forecast/season.h"

namespace finishline::forecast {
namespace {

constexpr std::size_t kLeastOutage = 3;  // steps
constexpr double kWellAboveZero = 0.1;   // of the median of all that is not zero
constexpr std::size_t kMostSamplesAskedForStep = 10000;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

std::vector<LoadSample> in_order(std::span<const LoadSample> samples) {
  std::vector<LoadSample> sorted;
  for (const LoadSample& sample : samples) {
    if (std::isfinite(sample.value) && std::isfinite(sample.time_s)) sorted.push_back(sample);
  }
  std::ranges::stable_sort(sorted, {}, &LoadSample::time_s);
  return sorted;
}

/// A counter's growth per second from each reading to the next, at the time of the next. A reading below the
/// one before is of a counter that has started again from 0.
std::vector<LoadSample> growth(const std::vector<LoadSample>& readings) {
  std::vector<LoadSample> rates;
  for (std::size_t i = 1; i < readings.size(); ++i) {
    const double span = readings[i].time_s - readings[i - 1].time_s;
    if (span <= 0) continue;
    const double before = readings[i].value < readings[i - 1].value ? 0 : readings[i - 1].value;
    rates.push_back({readings[i - 1].time_s, (readings[i].value - before) / span});
  }
  return rates;
}

struct StepMean {
  double sum = 0;
  std::size_t count = 0;
};

/// Zeros [first, end) are an outage if other days are busy then.
bool busy_elsewhere(const std::vector<double>& usual, std::size_t first, std::size_t end, double limit) {
  std::size_t busy = 0;
  for (std::size_t i = first; i < end; ++i) busy += usual[i % usual.size()] > limit ? 1 : 0;
  return 2 * busy > end - first;
}

/// The median of each step of the day; of all steps, where there is no day.
std::vector<double> usual_day(const Series& series) {
  const std::size_t period = steps_in(series, kDay);
  std::vector<double> usual;
  for (std::size_t phase = 0; phase < std::max<std::size_t>(period, 1); ++phase) {
    std::vector<double> values;
    for (std::size_t i = phase; i < series.size(); i += std::max<std::size_t>(period, 1))
      if (!is_missing(series.values[i])) values.push_back(series.values[i]);
    usual.push_back(values.empty() ? 0 : median(std::move(values)));
  }
  return usual;
}

double median_above_zero(const Series& series) {
  std::vector<double> values;
  for (const double value : series.values)
    if (value > 0) values.push_back(value);
  return values.empty() ? 0 : median(std::move(values));
}

/// Closes the gap [first, end), which has a value on both sides.
void close_gap(std::vector<double>& values, std::size_t first, std::size_t end, std::size_t period) {
  const double before = values[first - 1], after = values[end];
  const bool like_yesterday = period > 0 && first > period;
  const double low = like_yesterday ? values[first - 1 - period] : 0;
  const double high = like_yesterday && !is_missing(values[end - period]) ? values[end - period] : low;
  for (std::size_t i = first; i < end; ++i) {
    const double share = static_cast<double>(i - first + 1) / static_cast<double>(end - first + 1);
    const double level = (1 - share) * (before - low) + share * (after - high);
    values[i] = like_yesterday ? std::max(values[i - period] + level, std::min({before, after, 0.0}))
                               : (1 - share) * before + share * after;
  }
}

}  // namespace

bool is_missing(double value) { return std::isnan(value); }

Series Series::part(std::size_t first, std::size_t count) const {
  first = std::min(first, size());
  const std::size_t end = first + std::min(count, size() - first);
  return {time_of(first), step_s, {values.begin() + first, values.begin() + end}};
}

Series regular(std::span<const LoadSample> samples, const Grid& grid) {
  const std::vector<LoadSample> sorted = in_order(samples);
  std::map<std::int64_t, StepMean> steps;
  for (const LoadSample& sample : grid.kind == SampleKind::counter ? growth(sorted) : sorted) {
    const auto utc = static_cast<std::int64_t>(std::floor(sample.time_s));
    StepMean& mean = steps[floor_div(utc + (grid.clock_offset ? grid.clock_offset(utc) : 0), grid.step_s)];
    mean.sum += sample.value;
    ++mean.count;
  }
  if (steps.empty()) return {0, grid.step_s, {}};
  const std::int64_t last = steps.rbegin()->first;
  auto from = steps.lower_bound(last - static_cast<std::int64_t>(grid.most_steps) + 1);
  Series series{from->first * grid.step_s, grid.step_s, {}};
  series.values.assign(static_cast<std::size_t>(last - from->first + 1), kMissing);
  for (const std::int64_t first = from->first; from != steps.end(); ++from)
    series.values[from->first - first] = from->second.sum / static_cast<double>(from->second.count);
  return series;
}

std::int64_t usual_step(std::span<const LoadSample> samples) {
  const std::vector<LoadSample> sorted = in_order(samples);
  std::vector<double> gaps;
  for (std::size_t i = 1; i < std::min(sorted.size(), kMostSamplesAskedForStep); ++i) {
    if (sorted[i].time_s > sorted[i - 1].time_s) gaps.push_back(sorted[i].time_s - sorted[i - 1].time_s);
  }
  if (gaps.empty()) return 1;
  return std::max<std::int64_t>(std::llround(median(std::move(gaps))), 1);
}

std::size_t mark_outages(Series& series) {
  const std::vector<double> usual = usual_day(series);
  const double limit = kWellAboveZero * median_above_zero(series);
  std::size_t marked = 0;
  for (std::size_t i = 0; i < series.size();) {
    std::size_t end = i;
    while (end < series.size() && (series.values[end] == 0 || (end > i && is_missing(series.values[end]))))
      ++end;
    if (end - i >= kLeastOutage && busy_elsewhere(usual, i, end, limit)) {
      std::fill(series.values.begin() + i, series.values.begin() + end, kMissing);
      marked += end - i;
    }
    i = std::max(end, i + 1);
  }
  return marked;
}

std::vector<double> filled(const Series& series) {
  std::vector<double> values = series.values;
  const auto first = std::ranges::find_if_not(values, is_missing);
  if (first == values.end()) return {};
  std::fill(values.begin(), first, *first);
  const std::size_t period = steps_in(series, kDay);
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (!is_missing(values[i])) continue;
    std::size_t end = i;
    while (end < values.size() && is_missing(values[end])) ++end;
    if (end == values.size())
      std::fill(values.begin() + i, values.end(), values[i - 1]);
    else
      close_gap(values, i, end, period);
    i = end;
  }
  return values;
}

}  // namespace finishline::forecast
