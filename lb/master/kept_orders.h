// What operators had ordered before the last restart, from orders.json of proxy.state_dir, where control
// keeps it (control/kept_orders.h): servers that drain, and policies that are not those of the file. Master
// process.
#pragma once

#include "lb/config/config.h"
#include "lb/ledger/ledger.h"

namespace finishline::master {

/// Puts them into a new ledger, before a worker reads it: of servers and pools that there are, and policies
/// where the file says what it said then. A file that makes no sense is put aside, and the log is told. The
/// rows of `config` have been made, and its policies configured.
void carry_out_kept_orders(const config::Config& config, ledger::Ledger& ledger);

}  // namespace finishline::master
