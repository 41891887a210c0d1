// How near a pool came to the possible best with the traffic that it had. Pure.
//
//   ratio       achieved makespan / a time before which nobody can be done with exactly these requests
//               (lb/model/lower_bound.h), from the first request to the last reply. At least 1 where the
//               servers are what the configuration says: as many slots, and types in the same proportion.
//   idle share  of the time of the servers' slots while the pool had anything to do: in which a slot did
//               nothing though a request waited that it could have worked on.
//
// A busy period begins with a request that finds the pool without any and ends when there is none again. The
// ratio over a long span of open traffic is near 1 whoever decides, because the last request comes late; over
// its busy periods it is not. Their bounds have the shortest way that was seen, to a server and back,
// besides: where work is short no decision makes up for it.
#pragma once

#include <cstdint>
#include <optional>

#include "lb/sim/served_work.h"

namespace finishline::sim {

struct Performance {
  std::optional<double> window;      // ratio over the whole span
  std::optional<double> busy;        // over its busy periods: the sum of makespans to the sum of bounds
  std::optional<double> idle_share;  // 0 to 1
  Nanos bound{};                     // of the whole span
  Nanos makespan{};                  // as well
  Nanos busy_time{};                 // the sum of its busy periods
  std::uint64_t busy_periods = 0;
};

/// Nothing is known of an empty span, and no ratio where the bound is 0.
Performance performance_of(const ServedWork& work);

}  // namespace finishline::sim
