// The row of a pool, as it lies in memory: see layout.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lb/ledger/cell.h"
#include "lb/ledger/demand_rows.h"
#include "lb/ledger/pool_row.h"

namespace finishline::ledger {

/// Its first line is in the caches of all workers, and stays there: it hardly ever changes.
struct alignas(kLine) PoolRow {
  Cell<std::uint32_t> running;
  Cell<std::uint32_t> readers;  // Reader
  Cell<std::uint8_t> chosen;
  Cell<std::uint8_t> configured;
  Cell<std::uint32_t> name_bytes;
  Cell<std::uint32_t> last_generation;  // of workers that have this pool
  Cell<std::uint8_t> told_policy;       // 0, or the policy that another proxy has ordered
  Cell<std::uint32_t> costs;            // grows when something was learned of its servers
  alignas(kLine) std::array<char, kMaxPoolName> name;
};

static_assert(sizeof(PoolRow) == 128 && offsetof(PoolRow, name) == 64);

}  // namespace finishline::ledger
