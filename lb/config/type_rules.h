// Which servers need a type.
#pragma once

#include "lb/config/draft.h"

namespace finishline::config {

/// Every other key that must be given is reported where the section is read; this one depends on the pool.
void check_types_given(Draft& draft);

}  // namespace finishline::config
