// What history keeps of an overview: its numbers by the names of series. Pure. Control process.
#pragma once

#include "lb/control/overview.h"
#include "lb/history/sample.h"

namespace finishline::control {

/// "requests", "errors", "connections", "pool.NAME.rate", "server.NAME.busy", ...: see
/// lb/doc/reference/api.md.
/// `before`: the snapshot of the sample before, for what came since.
history::SeriesSample sample_of(const Overview& overview, const Snapshot& snapshot, const Snapshot& before);

}  // namespace finishline::control
