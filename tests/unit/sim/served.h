// A run of the simulator as a proxy would have recorded it.
#pragma once

#include <chrono>

#include "lb/sim/served_work.h"
#include "lb/sim/simulation.h"

namespace finishline::test {

inline sim::ServedWork served_work(const sim::Scenario& scenario, const sim::Result& result) {
  constexpr Instant kBegin{std::chrono::hours(1)};
  sim::ServedWork work{.cost = scenario.cost, .servers = scenario.servers};
  for (const sim::Assignment& it : result.assignments)
    work.samples.push_back({kBegin + it.request.at, it.request.type, it.request.length, *it.server,
                            it.service, kBegin + it.done});
  return work;
}

}  // namespace finishline::test
