// Resource limits of the process, set before the fork.
#pragma once

#include <optional>
#include <string>

#include "lb/config/config.h"

namespace finishline::process {

/// Raises the soft limit of open files to what one worker needs. The reason, with the arithmetic and the
/// remedy, when the hard limit does not allow it.
std::optional<std::string> raise_descriptor_limit(const config::Config& config);

}  // namespace finishline::process
