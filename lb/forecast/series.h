// A time series on a regular grid, and how samples come onto it. Pure; any process.
//
// Samples come as they please: at uneven times, twice, late, as a counter that starts again, or not at all.
// On the grid each step has the mean of its samples, and a step without any is missing (NaN): nothing is made
// up, and an outage is not a load of zero.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

namespace finishline::forecast {

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
bool is_missing(double value);

/// What was measured, and when.
struct LoadSample {
  double time_s = 0;  // since 1970, UTC
  double value = 0;
};

/// Values at begin_s, begin_s + step_s, ...; each stands for the step that begins there.
struct Series {
  std::int64_t begin_s = 0;  // on the clock of the place, see Grid; a multiple of step_s
  std::int64_t step_s = 1;
  std::vector<double> values;  // NaN: missing

  std::size_t size() const { return values.size(); }
  std::int64_t time_of(std::size_t step) const { return begin_s + static_cast<std::int64_t>(step) * step_s; }
  /// Steps [first, first + count), cut to what is there.
  Series part(std::size_t first, std::size_t count = std::numeric_limits<std::size_t>::max()) const;
};

enum class SampleKind : std::uint8_t {
  gauge,    // a level, or the count of one interval: a step has the mean
  counter,  // only ever grows, and starts again at 0: a step has the growth per second
};

/// How samples come onto the grid.
struct Grid {
  std::int64_t step_s = 1;
  SampleKind kind = SampleKind::gauge;
  /// By how many seconds the clock of the place is ahead of UTC at a time. On that clock a day is a day when
  /// clocks change: the hour that is left out is missing, and the one that comes twice is the mean of both.
  std::function<std::int64_t(std::int64_t utc_s)> clock_offset{};
  /// The longest series; earlier samples are left out. About 40 bytes of work per step.
  std::size_t most_steps = 20000;
};

/// Samples may come in any order. Empty when none is finite; otherwise the first and the last step have a
/// value. step_s > 0.
Series regular(std::span<const LoadSample> samples, const Grid& grid);

/// The commonest distance between neighbours in time, in whole seconds, at least 1; 1 for fewer than two.
std::int64_t usual_step(std::span<const LoadSample> samples);

/// Makes zeros missing that must come from an outage: three or more in a row, where the same times of other
/// days, or of the other steps where there is no day, have a load well above zero. Returns how many.
std::size_t mark_outages(Series& series);

/// The series with every gap closed: by the same time of the days around it, moved to the level beside the
/// gap, or by a straight line. As long as the series; empty if nothing is there.
std::vector<double> filled(const Series& series);

}  // namespace finishline::forecast
