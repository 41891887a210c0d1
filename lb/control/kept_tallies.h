// Counters of control that go on in the process after it: the ledger keeps them. Control process.
#pragma once

#include "lb/control/notifier.h"
#include "lb/http/refusals.h"
#include "lb/ledger/ledger.h"

namespace finishline::control {

/// Both counters go on from where the control process before this one has stopped, and are kept from now on.
/// The ledger outlives them.
void keep_tallies(ledger::Ledger& ledger, http::RefusalCounts& refusals, Notifier& notifier);

}  // namespace finishline::control
