#include "lb/ledger/up_orders.h"

#include <algorithm>

#include "lb/ledger/layout.h"

namespace finishline::ledger {
namespace {

std::int64_t nanos(Instant at) { return at.time_since_epoch().count(); }

/// Nothing: there is none.
UpOrderCells* found(Ledger& ledger, std::uint64_t what, Instant since) {
  for (UpOrderCells& cells : ledger.layout().control.up_orders)
    if (cells.what.load(std::memory_order_acquire) == what &&
        cells.since.load(std::memory_order_relaxed) == nanos(since))
      return &cells;
  return nullptr;
}

}  // namespace

std::vector<UpOrder> up_orders(const Ledger& ledger) {
  std::vector<UpOrder> orders;
  for (const UpOrderCells& cells : ledger.layout().control.up_orders) {
    const std::uint64_t what = cells.what.load(std::memory_order_acquire);
    if (what == 0) continue;
    orders.push_back({.what = what,
                      .since = Instant(Nanos(cells.since.load(std::memory_order_relaxed))),
                      .told = cells.told.load(std::memory_order_relaxed) != 0});
  }
  std::ranges::sort(orders, {}, &UpOrder::since);
  return orders;
}

/// `what` comes last: nobody sees half of an order, wherever this process dies.
bool note_up_order(Ledger& ledger, std::uint64_t what, Instant since) {
  for (UpOrderCells& cells : ledger.layout().control.up_orders) {
    if (cells.what.load(std::memory_order_relaxed) != 0) continue;
    cells.since.store(nanos(since), std::memory_order_relaxed);
    cells.told.store(0, std::memory_order_relaxed);
    cells.what.store(what, std::memory_order_release);
    return true;
  }
  return false;
}

void tell_up_order(Ledger& ledger, std::uint64_t what, Instant since) {
  if (UpOrderCells* const cells = found(ledger, what, since)) cells->told.store(1, std::memory_order_relaxed);
}

void forget_up_order(Ledger& ledger, std::uint64_t what, Instant since) {
  if (UpOrderCells* const cells = found(ledger, what, since)) cells->what.store(0, std::memory_order_release);
}

}  // namespace finishline::ledger
