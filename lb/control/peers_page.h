// What is known of other proxies, as JSON and as metrics. Control process. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "lb/control/metrics_text.h"
#include "lb/control/snapshot.h"

namespace finishline::control {

/// {"engine": {...}, "sharing": "rows", "nodes": [...], "seats": [...]}: GET /api/v1/peers.
nlohmann::ordered_json peers_json(const Snapshot& snapshot);
/// Nothing while this proxy shares with nobody.
void add_peers(MetricsText& page, const Snapshot& snapshot);

}  // namespace finishline::control
