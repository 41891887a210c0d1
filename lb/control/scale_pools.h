// The pools of a configuration that are scaled, as the scaler takes them. Pure.
#pragma once

#include <vector>

#include "lb/control/configured.h"
#include "lb/control/resizer.h"
#include "lb/control/scale_sensor.h"

namespace finishline::control {

/// Those that have a type with room for at least one server.
std::vector<ScalePool> scale_pools_of(const Configured& it);
/// Servers that speak frames, where they are now.
std::vector<Resizer::SizedServer> sized_servers_of(const Configured& it, const ledger::Ledger& ledger);

}  // namespace finishline::control
