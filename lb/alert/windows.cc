#include "lb/alert/windows.h"

#include <algorithm>
#include <numeric>

namespace finishline::alert {
namespace {

constexpr Nanos kGrain = 10s;
constexpr Nanos kKept = std::chrono::hours(6) + std::chrono::minutes(1);
constexpr double kFewest = 10;  // failures: fewer say nothing
constexpr std::size_t kMinutesSeen = 10;

}  // namespace

void ErrorWindows::add(double requests, double errors, Instant now) {
  if (totals_.empty()) totals_.push_back({.at = now});
  now_ = {now, now_.requests + requests, now_.errors + errors};
  if (now - totals_.back().at >= kGrain) totals_.push_back(now_);
  while (totals_.size() > 1 && now - totals_.front().at > kKept) totals_.pop_front();
}

Nanos ErrorWindows::known() const { return totals_.empty() ? 0ns : now_.at - totals_.front().at; }

std::optional<double> ErrorWindows::ratio(Nanos span) const {
  if (totals_.empty()) return std::nullopt;
  const auto first = std::ranges::lower_bound(totals_, now_.at - span, {}, &Total::at);
  const Total& before = first == totals_.end() ? totals_.back() : *first;
  const double requests = now_.requests - before.requests, errors = now_.errors - before.errors;
  if (errors < kFewest || requests <= 0) return std::nullopt;
  return std::min(1.0, errors / requests);
}

Burn burn_of(const ErrorWindows& windows) {
  Burn worst;
  if (windows.known() < 60s) return worst;
  for (const BurnPair& pair : kBurnPairs) {
    const double lasting = windows.ratio(pair.long_window).value_or(0) / kErrorBudget;
    const double fresh = windows.ratio(pair.short_window).value_or(0) / kErrorBudget;
    const double rate = std::min(lasting, fresh);
    if (rate / pair.rate > worst.share) worst = {rate / pair.rate, rate, pair.long_window};
  }
  return worst;
}

void TrafficBaseline::Mean::add(double value, std::int64_t its_number) {
  if (number != its_number) *this = {.number = its_number};
  sum += value;
  ++count;
}

std::optional<double> TrafficBaseline::Mean::value() const {
  if (count == 0) return std::nullopt;
  return sum / static_cast<double>(count);
}

void TrafficBaseline::add(double rate, double unix, std::int64_t ahead_s) {
  minute_ = static_cast<std::int64_t>(unix) / 60;
  hour_ = (static_cast<std::int64_t>(unix) + ahead_s) / 3600;
  minutes_[static_cast<std::size_t>(minute_) % kMinutes].add(rate, minute_);
  hours_[static_cast<std::size_t>(hour_) % kHours].add(rate, hour_);
  seconds_.push_back(rate);
  if (seconds_.size() > 60) seconds_.pop_front();
}

double TrafficBaseline::recent() const {
  if (seconds_.empty()) return 0;
  return std::accumulate(seconds_.begin(), seconds_.end(), 0.0) / static_cast<double>(seconds_.size());
}

void TrafficBaseline::know(std::int64_t hour, double rate) {
  hours_[static_cast<std::size_t>(hour) % kHours] = {.sum = rate, .count = 1, .number = hour};
}

std::optional<double> TrafficBaseline::usual() const {
  const std::int64_t hour = hour_ - kWeek;
  const Mean& week_ago = hours_[static_cast<std::size_t>(std::max<std::int64_t>(hour, 0)) % kHours];
  if (week_ago.number == hour && week_ago.value()) return week_ago.value();
  return last_hour();
}

std::optional<double> TrafficBaseline::last_hour() const {
  double sum = 0;
  std::size_t seen = 0;
  for (const Mean& it : minutes_) {
    if (!it.value() || it.number >= minute_ - 1 || it.number <= minute_ - static_cast<std::int64_t>(kMinutes))
      continue;
    sum += *it.value();
    ++seen;
  }
  if (seen < kMinutesSeen) return std::nullopt;
  return sum / static_cast<double>(seen);
}

}  // namespace finishline::alert
