#include "lb/ledger/listener_row.h"

#include <algorithm>

#include "lb/ledger/layout.h"

namespace finishline::ledger {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

std::uint32_t listener_count(const Ledger& ledger) {
  return ledger.layout().listener_count.load(std::memory_order_acquire);
}

std::string_view name_in(const ListenerRow& row) {
  return {row.name.data(),
          std::min<std::size_t>(row.name_bytes.load(std::memory_order_acquire), row.name.size())};
}

/// One never used, else the first that is free; nothing when there is none.
std::optional<ListenerId> free_row(const Ledger& ledger, std::uint32_t oldest) {
  const ListenerId count = listener_count(ledger);
  if (count < kMaxListenerRows) return count;
  for (ListenerId id = 0; id < count; ++id)
    if (ledger.layout().listener(id).last_generation.load(kRelaxed) < oldest) return id;
  return std::nullopt;
}

void forget_counts(Layout& layout, ListenerId id) {
  for (WorkerId worker = 0; worker < layout.sizes.max_workers; ++worker) {
    ListenerCells& cells = layout.listener_cells(worker, id);
    if (cells.accepted.load(kRelaxed) == 0) continue;  // a page that nobody has touched stays so
    cells.accepted.store(0, kRelaxed);
    cells.refused.store(0, kRelaxed);
    cells.open.store(0, kRelaxed);
    cells.requests.store(0, kRelaxed);
    cells.stream_bytes_in.store(0, kRelaxed);
    cells.stream_bytes_out.store(0, kRelaxed);
  }
}

/// The name goes first: nobody finds half of one.
std::optional<ListenerId> let_to(Ledger& ledger, std::string_view name, std::uint32_t oldest) {
  const auto id = name.size() > kMaxPoolName ? std::nullopt : free_row(ledger, oldest);
  if (!id) return std::nullopt;
  Layout& layout = ledger.layout();
  ListenerRow& row = layout.listener(*id);
  row.name_bytes.store(0, std::memory_order_release);
  if (*id < listener_count(ledger)) forget_counts(layout, *id);
  row.lost.store(0, kRelaxed);
  std::ranges::copy(name, row.name.begin());
  row.name_bytes.store(static_cast<std::uint32_t>(name.size()), std::memory_order_release);
  layout.listener_count.store(std::max(listener_count(ledger), *id + 1), std::memory_order_release);
  return id;
}

}  // namespace

std::optional<ListenerId> ensure_listener(Ledger& ledger, std::string_view name,
                                          const Generations& generations) {
  auto id = find_listener(ledger, name);
  if (!id) id = let_to(ledger, name, generations.oldest);
  if (!id) return std::nullopt;
  auto& last = ledger.layout().listener(*id).last_generation;
  last.store(std::max(last.load(kRelaxed), generations.ours), kRelaxed);
  return id;
}

std::optional<ListenerId> find_listener(const Ledger& ledger, std::string_view name) {
  for (ListenerId id = 0; id < listener_count(ledger); ++id)
    if (name_in(ledger.layout().listener(id)) == name) return id;
  return std::nullopt;
}

void tell_lost(Ledger& ledger, const LostSockets& lost) {
  Layout& layout = ledger.layout();
  for (ListenerId id = 0; id < listener_count(ledger); ++id) {
    ListenerRow& row = layout.listener(id);
    row.lost.store(lost.listeners.contains(name_in(row)) ? 1 : 0, kRelaxed);
  }
  layout.admin_lost.store(lost.admin ? 1 : 0, kRelaxed);
}

bool is_lost(const Ledger& ledger, ListenerId listener) {
  return ledger.layout().listener(listener).lost.load(kRelaxed) != 0;
}

bool is_admin_lost(const Ledger& ledger) { return ledger.layout().admin_lost.load(kRelaxed) != 0; }

ListenerTotals listener_totals(const Ledger& ledger, ListenerId listener) {
  ListenerTotals sum;
  const Layout& layout = ledger.layout();
  const WorkerId workers = layout.worker_limit.load(std::memory_order_acquire);
  for (WorkerId worker = 0; worker < workers; ++worker) {
    const ListenerCells& cells = layout.listener_cells(worker, listener);
    sum.accepted += cells.accepted.load(kRelaxed);
    sum.refused += cells.refused.load(kRelaxed);
    sum.open += cells.open.load(kRelaxed);
    sum.requests += cells.requests.load(kRelaxed);
    sum.stream_bytes_in += cells.stream_bytes_in.load(kRelaxed);
    sum.stream_bytes_out += cells.stream_bytes_out.load(kRelaxed);
  }
  return sum;
}

ListenerCounts::ListenerCounts(Ledger& ledger, WorkerId worker, ListenerId listener)
    : cells_(&ledger.layout().listener_cells(worker, listener)) {}

ListenerCounts counts_of(Ledger& ledger, WorkerId worker, std::string_view name) {
  const auto row = find_listener(ledger, name);
  return row ? ListenerCounts(ledger, worker, *row) : ListenerCounts();
}

void ListenerCounts::accepted() {
  if (cells_ == nullptr) return;
  cells_->accepted.add(1);
  cells_->open.add(1);
}

void ListenerCounts::refused() {
  if (cells_ != nullptr) cells_->refused.add(1);
}

void ListenerCounts::ended() {
  if (cells_ != nullptr) cells_->open.add(-1);
}

}  // namespace finishline::ledger
