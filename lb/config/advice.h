// What is good by itself and most likely not meant: told by `check` and at the start, and refused by nobody.
// Pure.
#pragma once

#include <vector>

#include "lb/config/source.h"

namespace finishline::config {

/// In the order of the text; none: all is well. `config` is what `source` says.
std::vector<Problem> advice_on(const Source& source, const Config& config);

}  // namespace finishline::config
