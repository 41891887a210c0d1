// GET /healthz and /readyz: words for probes, and a status. Pure. Control process.
#pragma once

#include "lb/control/inventory.h"
#include "lb/control/overview.h"
#include "lb/http/message.h"
#include "lb/ledger/ledger.h"

namespace finishline::control {

/// 200 where somebody serves: a worker that says it runs, and whose loop has turned of late. 503 with why
/// not.
http::HttpReply liveness_page(const ledger::Ledger& ledger, Instant now);
/// The same, where also work would be done: of every pool that a listener leads to, some server takes work
/// and has been reached, by a link or a check that passed. A pool that has no server, and need have none, is
/// not asked.
http::HttpReply readiness_page(const ledger::Ledger& ledger, const Overview& overview,
                               const Inventory& inventory, Instant now);

}  // namespace finishline::control
