#include "lb/history/ring.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace finishline::history {
namespace {

constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();

}  // namespace

Ring::Ring(std::size_t seconds, std::size_t most_series) : size_(seconds), most_(most_series) {}

void Ring::add(const SeriesSample& sample) {
  if (sample.time < last_) return;
  if (first_ == 0) first_ = sample.time;
  skip_to(sample.time);
  for (const auto& [name, value] : sample.values) {
    auto column = columns_.find(name);
    if (column == columns_.end()) {
      if (columns_.size() >= most_) continue;
      column = columns_.emplace(name, Column{std::vector<float>(size_, kUnknown)}).first;
    }
    column->second.values[at(sample.time)] = static_cast<float>(value);
    column->second.written = sample.time;
  }
  for (const auto& [name, counts] : sample.histograms)
    if (!counts.counts.empty() && (histograms_.contains(name) || histograms_.size() < most_))
      histograms_[name][sample.time] = counts;
  for (auto& [name, seconds] : histograms_) seconds.erase(seconds.begin(), seconds.lower_bound(first_));
  if (sample.time % static_cast<std::int64_t>(size_) == 0) forget_silent();
}

/// What stood at the places of these seconds is too old.
void Ring::skip_to(std::int64_t second) {
  const std::int64_t gone = std::min<std::int64_t>(second - last_, static_cast<std::int64_t>(size_));
  for (auto& [name, column] : columns_)
    for (std::int64_t s = second - gone + 1; s <= second; ++s) column.values[at(s)] = kUnknown;
  last_ = second;
  first_ = std::max(first_, second - static_cast<std::int64_t>(size_) + 1);
}

void Ring::forget_silent() {
  std::erase_if(columns_, [&](const auto& it) { return it.second.written < first_; });
  std::erase_if(histograms_, [](const auto& it) { return it.second.empty(); });
}

Points Ring::read(std::string_view name, std::int64_t from, std::int64_t to, std::int64_t step) const {
  Points points{.from = from - from % step, .step = step};
  const auto column = columns_.find(name);
  for (std::int64_t begin = points.from; begin < to; begin += step) {
    double sum = 0;
    std::int64_t known = 0;
    for (std::int64_t s = std::max(begin, first_); s < begin + step && s <= last_; ++s) {
      const float value = column == columns_.end() ? kUnknown : column->second.values[at(s)];
      if (std::isnan(value)) continue;
      sum += value;
      ++known;
    }
    points.values.push_back(known == 0 ? kUnknown : static_cast<float>(sum / static_cast<double>(known)));
  }
  return points;
}

model::LatencyHistogram Ring::histogram(std::string_view name, std::int64_t from, std::int64_t to) const {
  model::LatencyHistogram sum;
  const auto found = histograms_.find(name);
  if (found == histograms_.end()) return sum;
  for (auto it = found->second.lower_bound(from); it != found->second.end() && it->first < to; ++it)
    add_to(sum, it->second);
  return sum;
}

Points Ring::read(const Percentile& percentile, std::int64_t from, std::int64_t to, std::int64_t step) const {
  Points points{.from = from - from % step, .step = step};
  for (std::int64_t begin = points.from; begin < to; begin += step) {
    const auto value = histogram(percentile.of, begin, begin + step).quantile(percentile.part);
    points.values.push_back(value ? std::chrono::duration<float>(*value).count() : kUnknown);
  }
  return points;
}

std::vector<std::string> Ring::names() const {
  std::vector<std::string> names;
  for (const auto& [name, column] : columns_) names.push_back(name);
  for (const auto& [name, seconds] : histograms_)
    for (const char* const part : {".p50", ".p95", ".p99"}) names.push_back(name + part);
  return names;
}

}  // namespace finishline::history
