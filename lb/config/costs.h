// From [work] and [cost.*] to the cost model; and whether every request can be done by somebody.
#pragma once

#include "lb/config/draft.h"

namespace finishline::config {

/// Where the text has no [cost.*]: the seed matrix, as far as its request types exist.
void default_costs(Draft& draft);
/// Reports cost rows of unknown request types, servers of unknown types, and listeners with requests that no
/// server of their pool can do, nor of any other: pools may specialise.
void check_costs(Draft& draft);
/// Fills config.cost, config.max_length and each server's type_index. The draft must be without faults.
void build_costs(Draft& draft);

}  // namespace finishline::config
