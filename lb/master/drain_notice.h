// What the log says when the proxy begins to stop. Master process.
#pragma once

#include "lb/ledger/ledger.h"

namespace finishline::master {

/// Why a change is refused then.
inline constexpr const char* kEnds = "the proxy ends";

/// How much is open in all workers, how long it may take, and what ends it sooner.
void tell_of_drain(const ledger::Ledger& ledger, Nanos patience);

}  // namespace finishline::master
