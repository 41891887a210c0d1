// Reads every address of a draft, resolves its names and reports those that cannot be used, alone or
// together. A server whose name cannot be resolved has no address, and is no mistake; one of resolve = "all"
// becomes as many servers as its name has addresses.
#pragma once

#include "lb/config/draft.h"

namespace finishline::config {

void resolve_addresses(Draft& draft, const Resolver& resolve);

}  // namespace finishline::config
