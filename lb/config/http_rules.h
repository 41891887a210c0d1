// What keys of HTTP ask of each other. Pure.
#pragma once

#include "lb/config/draft.h"

namespace finishline::config {

/// Reports what does not fit together.
void check_http(Draft& draft);

}  // namespace finishline::config
