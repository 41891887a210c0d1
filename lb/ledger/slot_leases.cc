#include "lb/ledger/slot_leases.h"

#include "lb/ledger/layout.h"

namespace finishline::ledger {
namespace {

/// A worker writes one cell and reads those of the others: both sides must see it in one order.
constexpr auto kOrdered = std::memory_order_seq_cst;

/// For a cell with one writer.
void change(Cell<std::uint32_t>& cell, std::int64_t by) {
  cell.store(static_cast<std::uint32_t>(cell.load(std::memory_order_relaxed) + by), kOrdered);
}

}  // namespace

SlotLeases::SlotLeases(Ledger& ledger, WorkerId self, ServerId server, std::uint32_t slots)
    : layout_(&ledger.layout()), self_(self), server_(server), slots_(slots) {}

SlotLeases::~SlotLeases() {
  shrink_to(0);
  want(false);
}

bool SlotLeases::acquire() {
  want(true);
  hold(held_ + 1);
  std::uint32_t all = layout_->pair_counts(self_, server_).slots_held.load(kOrdered);
  for (const Other& other : holding()) all += other.held;
  if (all > slots_) {
    hold(held_ - 1);
    return false;
  }
  want(false);
  return true;
}

void SlotLeases::shrink_to(std::uint32_t count) {
  if (count < held_) hold(count);
}

void SlotLeases::hold(std::uint32_t count) {
  change(layout_->pair_counts(self_, server_).slots_held, std::int64_t{count} - held_);
  held_ = count;
}

void SlotLeases::want(bool yes) {
  if (wants_ == yes) return;
  wants_ = yes;
  change(layout_->pair_counts(self_, server_).slots_wanted, yes ? 1 : -1);
}

template <class Of>
std::vector<SlotLeases::Other> SlotLeases::others(Of of) const {
  std::vector<Other> found;
  const WorkerId limit = layout_->worker_limit.load(std::memory_order_acquire);
  for (WorkerId worker = 0; worker < limit; ++worker) {
    const PairCounts& row = layout_->pair_counts(worker, server_);
    if (worker != self_ && of(row).load(kOrdered) > 0)
      found.push_back({worker, row.slots_held.load(kOrdered)});
  }
  return found;
}

std::vector<SlotLeases::Other> SlotLeases::wanting() const {
  return others([](const PairCounts& row) -> auto& { return row.slots_wanted; });
}

std::vector<SlotLeases::Other> SlotLeases::holding() const {
  return others([](const PairCounts& row) -> auto& { return row.slots_held; });
}

std::uint32_t leased_slots(const Ledger& ledger, WorkerId worker, ServerId server) {
  return ledger.layout().pair_counts(worker, server).slots_held.load(kOrdered);
}

void withdraw_slots(Layout& layout, WorkerId worker, ServerId server) {
  layout.pair_counts(worker, server).slots_held.store(0, kOrdered);
  layout.pair_counts(worker, server).slots_wanted.store(0, kOrdered);
}

}  // namespace finishline::ledger
