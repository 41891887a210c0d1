#include "lb/ledger/promises.h"

#include <algorithm>
#include <numeric>

#include "lb/ledger/demand.h"
#include "lb/ledger/layout.h"

namespace finishline::ledger {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

PromiseErrorsOfSide read(const PromiseCells& cells) {
  PromiseErrorsOfSide errors;
  for (std::size_t i = 0; i < kPromiseBuckets; ++i) errors.counts[i] = cells.counts[i].load(kRelaxed);
  errors.sum = std::chrono::microseconds(cells.sum.load(kRelaxed));
  return errors;
}

void forget(PromiseCells& cells) {
  for (Cell<std::int64_t>& count : cells.counts) count.store(0, kRelaxed);
  cells.sum.store(0, kRelaxed);
}

std::int64_t count(const PromiseErrorsOfSide& errors) {
  return std::accumulate(errors.counts.begin(), errors.counts.end(), std::int64_t{0});
}

}  // namespace

void count_promise(Ledger& ledger, PoolId pool, Nanos late_by) {
  if (pool >= kSharingPools) return;
  const Nanos error = late_by < 0ns ? -late_by : late_by;
  const auto* const bound = std::ranges::lower_bound(kPromiseBounds, error);
  PromiseRow& row = ledger.layout().promise(pool);
  PromiseCells& side = late_by > 0ns ? row.late : row.early;
  side.counts[static_cast<std::size_t>(bound - kPromiseBounds.begin())].fetch_add(1);
  side.sum.fetch_add(error / 1us);
}

PromiseErrors promise_errors(const Ledger& ledger, PoolId pool) {
  if (pool >= kSharingPools) return {};
  const PromiseRow& row = ledger.layout().promise(pool);
  return {.late = read(row.late), .early = read(row.early)};
}

void forget_promises(Ledger& ledger, PoolId pool) {
  PromiseRow& row = ledger.layout().promise(pool);
  forget(row.late);
  forget(row.early);
}

Nanos median_error(const PromiseErrors& errors) {
  const std::int64_t all = count(errors.late) + count(errors.early);
  if (all == 0) return 0ns;
  std::int64_t within = 0;
  for (std::size_t i = 0; i < kPromiseBounds.size(); ++i) {
    within += errors.late.counts[i] + errors.early.counts[i];
    if (2 * within >= all) return kPromiseBounds[i];
  }
  return kPromiseBounds.back();
}

}  // namespace finishline::ledger
