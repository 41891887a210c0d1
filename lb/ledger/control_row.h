// What control leaves for the process after it, as it lies in memory: see control_status.h,
// control_tallies.h, up_orders.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lb/ledger/cell.h"
#include "lb/ledger/demand_rows.h"

namespace finishline::ledger {

/// A server that was ordered on another machine.
struct UpOrderCells {
  Cell<std::uint64_t> what;  // 0: free; by release, after the rest
  Cell<std::int64_t> since;
  Cell<std::uint8_t> told;
};
inline constexpr std::size_t kUpOrders = 64;

/// Counters of control: see control_tallies.h.
inline constexpr std::size_t kRefusalTallies = 24;
inline constexpr std::size_t kMessageTallies = 4;

struct alignas(kLine) ControlRow {
  Cell<std::int64_t> heartbeat_at;
  Cell<std::uint32_t> revision;
  std::array<Cell<std::int64_t>, kRefusalTallies> refusals;
  std::array<Cell<std::int64_t>, kMessageTallies> messages;
  std::array<UpOrderCells, kUpOrders> up_orders;
};

}  // namespace finishline::ledger
