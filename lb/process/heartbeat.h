// How often a child shows that its loop turns, and when it no longer counts as one that does. Any process.
//
//   every kHeartbeat       it writes the time into the ledger (worker_status.h, control_status.h)
//   after kStale           it does not count as running: /healthz
//   after proxy.watchdog   the master kills and replaces it (lb/master/watchdog.h)
#pragma once

#include "proto/units.h"

namespace finishline::process {

inline constexpr Nanos kHeartbeat = 250ms;
/// Beats may come late on a busy machine, and be missed.
inline constexpr Nanos kStale = 2s;
/// The shortest patience of a watchdog that makes sense with these.
inline constexpr Nanos kLeastWatchdog = 1s;

}  // namespace finishline::process
