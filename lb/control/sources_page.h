// GET /api/v1/sources: who sends most. Control process.
#pragma once

#include "lb/control/live_details.h"
#include "lb/http/message.h"

namespace finishline::control {

/// `by=network` (the default), `by=address` or `by=country`, and `most`, 1 to 100 (10) of them. JSON; 400.
http::HttpReply sources_page(const http::HttpRequest& request, const LiveDetails& details);

}  // namespace finishline::control
