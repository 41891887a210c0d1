#include "lb/ledger/promises.h"

#include <algorithm>
#include <numeric>

#include "lb/ledger/demand.h"
#include "lb/ledger/layout.h"

namespace finishline::ledger {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

/// The largest error that a bucket holds, whether too late or too soon.
Nanos reach_of(std::size_t bucket) {
  const std::size_t last = kPromiseBounds.size();
  if (bucket == 0 || bucket == last) return Nanos::max();
  return std::max(-kPromiseBounds[bucket - 1], kPromiseBounds[bucket]);
}

}  // namespace

void count_promise(Ledger& ledger, PoolId pool, Nanos late_by) {
  if (pool >= kSharingPools) return;
  const auto* const bound = std::ranges::lower_bound(kPromiseBounds, late_by);
  PromiseRow& row = ledger.layout().promise(pool);
  row.counts[static_cast<std::size_t>(bound - kPromiseBounds.begin())].fetch_add(1);
  row.sum.fetch_add(late_by / 1us);
}

PromiseErrors promise_errors(const Ledger& ledger, PoolId pool) {
  PromiseErrors errors;
  if (pool >= kSharingPools) return errors;
  const PromiseRow& row = ledger.layout().promise(pool);
  for (std::size_t i = 0; i < kPromiseBuckets; ++i) errors.counts[i] = row.counts[i].load(kRelaxed);
  errors.sum = std::chrono::microseconds(row.sum.load(kRelaxed));
  return errors;
}

void forget_promises(Ledger& ledger, PoolId pool) {
  PromiseRow& row = ledger.layout().promise(pool);
  for (Cell<std::int64_t>& count : row.counts) count.store(0, kRelaxed);
  row.sum.store(0, kRelaxed);
}

Nanos median_error(const PromiseErrors& errors) {
  const std::int64_t all = std::accumulate(errors.counts.begin(), errors.counts.end(), std::int64_t{0});
  if (all == 0) return 0ns;
  for (const Nanos bound : kPromiseBounds) {
    if (bound <= 0ns) continue;
    std::int64_t within = 0;
    for (std::size_t i = 0; i < kPromiseBuckets; ++i)
      if (reach_of(i) <= bound) within += errors.counts[i];
    if (2 * within >= all) return bound;
  }
  return kPromiseBounds.back();
}

}  // namespace finishline::ledger
