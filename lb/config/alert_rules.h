// What must hold in [alerts]: who is told, and how.
#pragma once

#include "lb/config/draft.h"

namespace finishline::config {

void check_alerts(Draft& draft);

}  // namespace finishline::config
