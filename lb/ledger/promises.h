// How true promises came: the proxy foresees when a request will be done (sched/prospect.h), and when its
// reply comes, by how much that was wrong is counted, by pool. Workers add; any process reads.
#pragma once

#include <array>
#include <cstdint>

#include "lb/ledger/ledger.h"
#include "lb/ledger/pool_row.h"
#include "proto/units.h"

namespace finishline::ledger {

/// Upper ends of the buckets, of what was achieved less what was promised: below 0 it was sooner. The last
/// bucket has no end.
inline constexpr std::array<Nanos, 15> kPromiseBounds{-1s, -300ms, -100ms, -30ms, -10ms, -3ms,  -1ms, 0ms,
                                                      1ms, 3ms,    10ms,   30ms,  100ms, 300ms, 1s};
inline constexpr std::size_t kPromiseBuckets = kPromiseBounds.size() + 1;

struct PromiseErrors {
  std::array<std::int64_t, kPromiseBuckets> counts{};  // by bucket
  Nanos sum{};
};

/// It was done so much later than promised, or sooner. A pool without a row of its own is not counted.
void count_promise(Ledger& ledger, PoolId pool, Nanos late_by);
PromiseErrors promise_errors(const Ledger& ledger, PoolId pool);
/// Of a row that goes to another pool.
void forget_promises(Ledger& ledger, PoolId pool);
/// Half of all promises were wrong by no more than this, to the end of a bucket; 0 without any.
Nanos median_error(const PromiseErrors& errors);

}  // namespace finishline::ledger
