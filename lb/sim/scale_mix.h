// Servers for the steps of a scenario of scaling (scale_day.h), by the arithmetic of the rule. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lb/sched/server_mix.h"
#include "lb/sim/scale_day.h"

namespace finishline::sim {

/// Of one unit of length; infinity: that kind cannot do it.
double seconds_per_unit(const ScaleScenario& scenario, std::size_t kind, std::size_t type);
sched::ServerMix mix_of(const ScaleScenario& scenario);
/// Of all servers that a step takes, as a number of those that do the work best.
double work_of(const ScaleScenario& scenario, std::size_t step);
/// The cheapest that carry each of `steps` at the target, `most` of each type.
sched::ServerCounts counts_for(const ScaleScenario& scenario, std::span<const std::size_t> steps,
                               std::uint32_t most);
/// How many servers a pool has that stays as it is: enough for `share` of all steps, the past included, those
/// with the least work.
std::uint32_t static_servers(const ScaleScenario& scenario, double share);

}  // namespace finishline::sim
