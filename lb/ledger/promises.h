// How true promises came: the proxy foresees when a request will be done (sched/prospect.h), and when its
// reply comes, by how much that was wrong is counted, by pool. Workers add; any process reads.
#pragma once

#include <array>
#include <cstdint>

#include "lb/ledger/ledger.h"
#include "lb/ledger/pool_row.h"
#include "proto/units.h"

namespace finishline::ledger {

/// Upper ends of the buckets, of the distance between what was promised and what came. The last one has no
/// end.
inline constexpr std::array<Nanos, 7> kPromiseBounds{1ms, 3ms, 10ms, 30ms, 100ms, 300ms, 1s};
inline constexpr std::size_t kPromiseBuckets = kPromiseBounds.size() + 1;

/// Of those that were wrong in one direction. None of it ever falls.
struct PromiseErrorsOfSide {
  std::array<std::int64_t, kPromiseBuckets> counts{};  // by bucket
  Nanos sum{};                                         // of the distances
};

struct PromiseErrors {
  PromiseErrorsOfSide late, early;  // what came at the very time was early, by nothing
};

/// It was done so much later than promised, or sooner. A pool without a row of its own is not counted.
void count_promise(Ledger& ledger, PoolId pool, Nanos late_by);
PromiseErrors promise_errors(const Ledger& ledger, PoolId pool);
/// Of a row that goes to another pool.
void forget_promises(Ledger& ledger, PoolId pool);
/// Half of all promises were wrong by no more than this, to the end of a bucket; 0 without any.
Nanos median_error(const PromiseErrors& errors);

}  // namespace finishline::ledger
