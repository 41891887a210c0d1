// Whether the user and group of the configuration exist on this machine.
#pragma once

#include "lb/config/draft.h"

namespace finishline::config {

void check_users(Draft& draft);

}  // namespace finishline::config
