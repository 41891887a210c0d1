// What the servers of a pool need for each type of request, as the page and the API tell it: as declared, and
// as learned of each server. Pure. Control process.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "lb/control/inventory.h"
#include "lb/control/snapshot.h"

namespace finishline::control {

/// By server type and request type that it can do: seconds for one unit of length; learned ones for a speed
/// of 1, over all servers of the type and of each. None of streams.
nlohmann::ordered_json costs_page(const PoolFacts& pool, const Snapshot& snapshot,
                                  const Inventory& inventory);

}  // namespace finishline::control
