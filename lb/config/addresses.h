// Resolves every address of a draft and reports those that cannot be used, alone or together.
#pragma once

#include "lb/config/draft.h"

namespace finishline::config {

void resolve_addresses(Draft& draft, const Resolver& resolve);

}  // namespace finishline::config
