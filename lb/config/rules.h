// What must hold between the sections of a configuration: names, references, numbers.
#pragma once

#include "lb/config/draft.h"

namespace finishline::config {

void check_rules(Draft& draft);

}  // namespace finishline::config
