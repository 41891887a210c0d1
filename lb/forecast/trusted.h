// What will come, as scaling is told: the forecast of a load by type, where it has beaten the naive one on
// the load's own past. For control's thread and the simulator; pure, takes up to a second.
#pragma once

#include <optional>
#include <vector>

#include "lb/forecast/calendar.h"
#include "lb/forecast/series.h"

namespace finishline::forecast {

/// Values of the steps that follow, that are not exceeded four times of five. Nothing: the past is shorter
/// than a day, or some naive method was no worse.
std::optional<std::vector<double>> trusted_forecast(const Series& past, const Calendar& calendar,
                                                    std::size_t horizon);
/// The same at each step from `first` on, `count` of them, the values of each known by then; judged and
/// fitted at the first of them alone, which takes hardly longer than one. Nothing, as above.
std::optional<std::vector<std::vector<double>>> trusted_forecasts(const Series& series,
                                                                  const Calendar& calendar, std::size_t first,
                                                                  std::size_t count, std::size_t horizon);

}  // namespace finishline::forecast
