// What must hold between the sections of a configuration: names, references, numbers.
#pragma once

#include "lb/config/draft.h"

namespace finishline::config {

/// Says of each pool whether it serves streams, and gives those what is their default.
void settle_pools(Draft& draft);
void check_rules(Draft& draft);

}  // namespace finishline::config
