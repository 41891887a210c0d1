// GET /api/v1/live and its parts: an overview as JSON. Pure. What is not known is null. Control process.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lb/control/overview.h"
#include "lb/history/timeline.h"

namespace finishline::control {

/// The whole.
nlohmann::ordered_json live_page(const Overview& overview, const Snapshot& snapshot,
                                 const Inventory& inventory, const history::Timeline& timeline);
/// Of one who sends: network and country, or null, and how much.
nlohmann::ordered_json describe(const Talker& talker);
/// In one line, as the event stream and the API write it; names may hold any bytes.
std::string to_text(const nlohmann::ordered_json& json);

}  // namespace finishline::control
