// Rows of listeners, as they lie in memory: see layout.h.
#pragma once

#include <array>
#include <cstdint>

#include "lb/ledger/cell.h"
#include "lb/ledger/demand_rows.h"
#include "lb/ledger/listener_row.h"

namespace finishline::ledger {

struct alignas(kLine) ListenerRow {
  Cell<std::uint32_t> name_bytes;
  Cell<std::uint32_t> last_generation;  // of workers that have this listener
  Cell<std::uint32_t> lost;             // 1: the file of its Unix socket is
  alignas(kLine) std::array<char, kMaxPoolName> name;
};

static_assert(sizeof(ListenerRow) == 128 && sizeof(ListenerCells) == 64);

}  // namespace finishline::ledger
