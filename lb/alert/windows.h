// Counts over sliding windows: how fast the error budget burns, and how much more traffic comes than usually.
// Pure.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>

#include "proto/units.h"

namespace finishline::alert {

/// Running totals, kept every ten seconds for six hours.
class ErrorWindows {
 public:
  /// Counts that came since the last call. `now` rises.
  void add(double requests, double errors, Instant now);

  /// Failed of all in the last `span`, or in as much of it as is known; nothing with fewer than ten failures.
  std::optional<double> ratio(Nanos span) const;
  /// How long it has looked.
  Nanos known() const;

 private:
  struct Total {
    Instant at;
    double requests = 0, errors = 0;
  };
  Total now_{};
  std::deque<Total> totals_;  // the oldest first; the last is at most ten seconds old
};

/// The burn rates that are looked at: both of a pair of windows must be above it. The long one says that it
/// matters, the short one that it goes on (Google SRE Workbook, chapter 5).
struct BurnPair {
  double rate;  // times the budget
  Nanos long_window, short_window;
};
inline constexpr double kErrorBudget = 0.001;
inline constexpr std::array<BurnPair, 2> kBurnPairs = {
    {{14.4, std::chrono::hours(1), std::chrono::minutes(5)},
     {6.0, std::chrono::hours(6), std::chrono::minutes(30)}}};

/// The worst pair: its slower rate, and that as a share of what the pair allows.
struct Burn {
  double share = 0;  // 1 and more: too fast
  double rate = 0;   // times the budget, in the slower of both windows
  Nanos long_window{};
};
/// Before a window is full, it is what there is; nothing burns before a minute has been seen.
Burn burn_of(const ErrorWindows& windows);

/// What traffic is usual: that of the same hour a week ago where it is known, otherwise the mean of the last
/// hour but for its last minute.
class TrafficBaseline {
 public:
  /// The rate of one second, which ends at this Unix time. `ahead_s`: by how much the clock by which people
  /// live is ahead of UTC then, so that hours are theirs, over changes to summer time, too.
  void add(double rate, double unix, std::int64_t ahead_s = 0);

  /// The mean of an hour of that clock (its seconds / 3600) that somebody else has kept; it holds over what
  /// was seen of it.
  void know(std::int64_t hour, double rate);

  /// Of the latest minute.
  double recent() const;
  /// Nothing when no week is known, and fewer than ten minutes have been seen.
  std::optional<double> usual() const;
  static constexpr std::int64_t kWeek = 168;  // hours

 private:
  struct Mean {
    double sum = 0;
    std::int64_t count = 0, number = -1;  // of the minute, or of the hour
    void add(double value, std::int64_t its_number);
    std::optional<double> value() const;
  };
  static constexpr std::size_t kMinutes = 60;
  std::optional<double> last_hour() const;

  static constexpr std::size_t kHours = kWeek + 1;  // a week, and the one that is filled

  std::array<Mean, kMinutes> minutes_{};
  std::array<Mean, kHours> hours_{};
  std::deque<double> seconds_;          // the last sixty
  std::int64_t minute_ = 0, hour_ = 0;  // of UTC, of that clock
};

}  // namespace finishline::alert
