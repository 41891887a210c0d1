// How often a worker looks at the time-outs of its clients. Pure.
#pragma once

#include "lb/config/config.h"
#include "proto/units.h"

namespace finishline::worker {

/// A quarter of the shortest time-out in force, so that none is overrun by more than that.
Nanos time_check_interval(const config::Config& config);

}  // namespace finishline::worker
