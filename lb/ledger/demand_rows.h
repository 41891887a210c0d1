// The rows of what waits, as they lie in the ledger (layout.h): what workers show each other, what control
// plans for them, and how true what they foresee comes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lb/ledger/cell.h"
#include "lb/ledger/promises.h"
#include "lb/sched/pool_costs.h"

namespace finishline::ledger {

inline constexpr std::size_t kLine = 64;

/// sched::WaitLane, and what ever came.
struct alignas(kLine) LaneRow {
  Cell<std::int64_t> head_key;
  Cell<std::int64_t> urgent_start;
  Cell<std::uint64_t> volume;
  Cell<std::uint32_t> count;
  Cell<std::uint32_t> head_length;
  Cell<std::uint32_t> longest;
  Cell<std::uint32_t> shortest;
  Cell<std::uint32_t> urgent_length;
  Cell<std::uint64_t> arrived;
  Cell<std::uint64_t> requests;
};

/// sched::PoolPlan.
struct alignas(kLine) PlanRow {
  Cell<std::uint32_t> number;
  Cell<double> load;
  Cell<std::int64_t> mean_service;
  alignas(kLine) std::array<Cell<double>, sched::kMaxGroups> price;
};

/// See promises.h.
struct PromiseCells {
  std::array<Cell<std::int64_t>, kPromiseBuckets> counts;
  Cell<std::int64_t> sum;  // of the errors, us
};
struct alignas(kLine) PromiseRow {
  PromiseCells late, early;
};

struct alignas(kLine) CallRow {
  Cell<std::uint32_t> called;
};

}  // namespace finishline::ledger
