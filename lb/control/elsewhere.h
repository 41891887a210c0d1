// Servers on other machines, whom somebody else starts and ends at the scaler's word: which orders are under
// way, and which servers are off because nobody wants them. Control process; all of it stands in the ledger,
// for the control process after this one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lb/control/scale_sensor.h"
#include "lb/ledger/up_orders.h"

namespace finishline::control {

/// A number for "up TYPE" of a pool, not 0.
std::uint64_t up_order_of(const ScalePool& pool, std::size_t kind);
/// Nothing: it is an order of another pool.
std::optional<std::size_t> kind_ordered(const ScalePool& pool, const ledger::UpOrder& order);
/// How many servers of this kind have been ordered and have not come yet.
std::uint32_t count_on_their_way(const ledger::Ledger& ledger, const ScalePool& pool, std::size_t kind);

/// Those that have answered are wanted from now on, until they are told to leave. `untried` by ServerId, see
/// HealthChecker.
void note_elsewhere(ledger::Ledger& ledger, const ScalePool& pool, const std::vector<bool>& untried);
/// Names of those that are down and not wanted: they have not come yet, or were ended by order.
std::vector<std::string> off_elsewhere(const ledger::Ledger& ledger, const ScalePool& pool);

}  // namespace finishline::control
