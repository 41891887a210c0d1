// What a listener of HTTP makes of requests, as configured. Worker process.
#pragma once

#include "lb/config/config.h"
#include "lb/http/typed_request.h"

namespace finishline::worker {

/// Borrows the cost model of the configuration.
http::TypedRules typed_rules_of(const config::Config& config, const config::Listener& listener);

}  // namespace finishline::worker
