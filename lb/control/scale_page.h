// Scaling as pages and metrics tell it. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "lb/control/metrics_text.h"
#include "lb/control/snapshot.h"

namespace finishline::control {

/// Of each pool that is scaled: how, how strained its servers are, and how many of each type there are.
nlohmann::ordered_json scale_page(const Snapshot& snapshot);
/// Of one pool; null when it is not scaled.
nlohmann::ordered_json scale_of(const Snapshot& snapshot, const std::string& pool);
void add_scale_metrics(MetricsText& page, const Snapshot& snapshot);

/// A place for a server that nobody has been in so far: pages leave it out.
bool is_unused_place(const ServerSnapshot& server);

}  // namespace finishline::control
