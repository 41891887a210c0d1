// A day of a recorded load as a scenario of scaling (scale_day.h): what came, stretched to a size that can be
// played, and what came before it as the past that a forecast knows. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "lb/forecast/series.h"
#include "lb/sim/scale_day.h"

namespace finishline::sim {

inline constexpr std::int64_t kRecordedStep = 300;  // seconds, of the series

/// The seed matrix with a second a unit, so that few requests keep many servers busy; servers of all types
/// cost alike and take five minutes to start; a request that waits for more than five seconds is late. No
/// load.
ScaleScenario slow_servers(std::uint64_t seed);
/// The last day of all loads is played.
void play_last_day(ScaleScenario& scenario);
/// `series` in steps of kRecordedStep, all of the first request type; its last day has `rate` requests a
/// second on the average. Nothing: it is shorter than two days, or nothing comes on the last.
std::optional<ScaleScenario> recorded_day(const forecast::Series& series, double rate, std::uint64_t seed);

}  // namespace finishline::sim
