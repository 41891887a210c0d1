#include "lb/ledger/promises.h"

#include <doctest/doctest.h>

#include <numeric>

#include "lb/ledger/pool_row.h"

using namespace finishline;
using namespace finishline::ledger;

namespace {

std::int64_t count(const PromiseErrorsOfSide& side) {
  return std::accumulate(side.counts.begin(), side.counts.end(), std::int64_t{0});
}
std::int64_t count(const PromiseErrors& errors) { return count(errors.late) + count(errors.early); }

}  // namespace

TEST_CASE("each promise is counted once, in the bucket of its error, for its pool") {
  Ledger ledger = std::get<Ledger>(Ledger::create({1, 1}));
  for (const int late_by_ms : {-2000, -5, 0, 2, 2, 5000}) count_promise(ledger, 3, late_by_ms * 1ms);
  const PromiseErrors errors = promise_errors(ledger, 3);
  CHECK(count(errors) == 6);
  CHECK(errors.early.counts[0] == 1);  // at the very time
  CHECK(errors.early.counts[2] == 1);  // up to 10 ms
  CHECK(errors.early.counts.back() == 1);
  CHECK(errors.early.sum == 2005ms);
  CHECK(errors.late.counts[1] == 2);  // up to 3 ms
  CHECK(errors.late.counts.back() == 1);
  CHECK(errors.late.sum == 5004ms);
  CHECK(count(promise_errors(ledger, 4)) == 0);
}

TEST_CASE("no sum of errors ever falls, whichever way promises are wrong") {
  Ledger ledger = std::get<Ledger>(Ledger::create({1, 1}));
  PromiseErrors before;
  for (const int late_by_ms : {5, -900, 3, -1, 0, 20, -5000}) {
    count_promise(ledger, 0, late_by_ms * 1ms);
    const PromiseErrors now = promise_errors(ledger, 0);
    CHECK(now.late.sum >= before.late.sum);
    CHECK(now.early.sum >= before.early.sum);
    before = now;
  }
}

TEST_CASE("the median error does not mind whether a promise was kept too late or too soon") {
  Ledger ledger = std::get<Ledger>(Ledger::create({1, 1}));
  CHECK(median_error(promise_errors(ledger, 0)) == 0ns);
  for (const int late_by_ms : {-2, 2, 2, -20, 900}) count_promise(ledger, 0, late_by_ms * 1ms);
  CHECK(median_error(promise_errors(ledger, 0)) == 3ms);
  for (int i = 0; i < 10; ++i) count_promise(ledger, 0, -20ms);
  CHECK(median_error(promise_errors(ledger, 0)) == 30ms);
}

TEST_CASE("a row that goes to another pool forgets them") {
  Ledger ledger = std::get<Ledger>(Ledger::create({1, 1}));
  const PoolId row = *ensure_pool(ledger, "media");
  count_promise(ledger, row, 1ms);
  forget_promises(ledger, row);
  CHECK(count(promise_errors(ledger, row)) == 0);
  CHECK(promise_errors(ledger, row).late.sum == 0ns);
}
