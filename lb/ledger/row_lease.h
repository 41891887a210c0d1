// Whose the row of a server is. It is let by name, and to the next name once nobody can touch it any more:
//
// A place of a scaled server (scaled_server.h) is not free, though absent, while the configuration has it or
// its process runs.
//
//   free --the configuration names a server--> in use --it names it no more (`absent`)--> vacated
//     vacated --named again--> in use
//     vacated --no worker holds it--> free
//
// A worker holds the rows of all servers that it may write about: from its fork on those that it is forked
// with (its master says so, before), later those that a reload brings (it says so itself, before it confirms
// the reload). It lets go of one when the configuration has not got it, its links are closed and nothing of
// it is in flight. So a late settlement finds its own server: quiescence, not a generation in each
// reservation, because this costs a request nothing, and workers know well when they are done. What a dead
// worker held, reclaim() lets go.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "lb/ledger/ledger.h"

namespace finishline::ledger {

/// Master, right before the fork of this worker.
void acquire_rows(Ledger& ledger, WorkerId worker, std::span<const ServerId> servers);
/// Whether any worker does. Any process.
bool is_leased(const Ledger& ledger, ServerId server);
/// Let once, and to be had by another name. Master only, when no change of the configuration is under way.
bool is_free(const Ledger& ledger, ServerId server);
/// A row for a name that has none, cleared of what stood there: one never used, else the first that is free.
/// Nothing when there is none. Its state is absent. Master only, as is_free(), while no control process runs
/// that was forked before the row was vacated. Precondition: the name is not empty and fits, and no row has
/// it. Who lets many in a row brings a `search`, so that no row is looked at twice: rows fall free by
/// nobody's doing meanwhile.
using RowSearch = ServerId;  // free rows below this are let
std::optional<ServerId> allocate_row(Ledger& ledger, std::string_view name, RowSearch& search);
std::optional<ServerId> allocate_row(Ledger& ledger, std::string_view name);

}  // namespace finishline::ledger
