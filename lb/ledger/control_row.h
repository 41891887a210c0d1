// What control leaves for the process after it, as it lies in memory: see control_status.h, up_orders.h.
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

struct alignas(kLine) ControlRow {
  Cell<std::int64_t> heartbeat_at;
  Cell<std::uint32_t> revision;
  std::array<UpOrderCells, kUpOrders> up_orders;
};

}  // namespace finishline::ledger
