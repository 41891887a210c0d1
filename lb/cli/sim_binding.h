// What `finishline sim` was asked about binding and about the ways between proxy and servers.
#pragma once

#include <string>

#include "lb/cli/sim_options.h"

namespace finishline::cli {

/// Fills in who plays late binding, clears the policies where binding is late only, and tells the scenario
/// how long the ways are and how wrong the lengths. Returns the reason why not; "" where all is well.
std::string read_binding(const SimOptions& options, sim::Scenario& scenario, SimPlan& plan);

}  // namespace finishline::cli
