// What history keeps of an overview: its numbers by the names of series. Pure. Control process.
#pragma once

#include <cstdint>
#include <optional>

#include "lb/control/overview.h"
#include "lb/history/sample.h"
#include "lb/history/timeline.h"

namespace finishline::control {

/// "requests", "errors", "connections", "pool.NAME.rate", "server.NAME.busy", ...: see
/// lb/doc/reference/api.md.
/// `before`: the snapshot of the sample before, for what came since.
history::SeriesSample sample_of(const Overview& overview, const Snapshot& snapshot, const Snapshot& before);

/// The mean rate of all requests, and of the streams of these pools, from one Unix second to another; nothing
/// where it was not kept.
std::optional<double> past_rate_of(const history::Timeline& timeline, const Inventory& inventory,
                                   std::int64_t from, std::int64_t to);

}  // namespace finishline::control
