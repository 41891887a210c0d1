#include "lb/ledger/metrics.h"

#include "lb/ledger/worker_status.h"

namespace finishline::ledger {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

template <class Cells>
std::int64_t sum_of(const Cells& cells) {
  std::int64_t sum = 0;
  for (const auto& cell : cells) sum += cell.load(kRelaxed);
  return sum;
}

std::int64_t unaccounted_connections(const WorkerCounts& counts) {
  const auto accepted = static_cast<std::size_t>(WorkerCell::connections_accepted);
  return counts.counters[accepted].load(kRelaxed) - sum_of(counts.closed);
}

std::int64_t unaccounted_requests(const WorkerCounts& counts, std::size_t type) {
  return counts.received[type].load(kRelaxed) - sum_of(counts.answered[type]) -
         counts.abandoned[type].load(kRelaxed);
}

std::int64_t unaccounted_requests(const PairRow& pair, const PairCounts& counts) {
  const auto cell = [&pair](ServerCell of) {
    return pair.counters[static_cast<std::size_t>(of)].load(kRelaxed);
  };
  return cell(ServerCell::sent) - cell(ServerCell::abandoned) - sum_of(counts.served) - sum_of(counts.failed);
}

}  // namespace

WorkerMetrics::WorkerMetrics(Ledger& ledger, WorkerId worker)
    : layout_(&ledger.layout()),
      counts_(&ledger.layout().worker_counts(worker)),
      listeners_(&ledger.layout().listener_cells(worker, 0)),
      pairs_(&ledger.layout().pair(worker, 0)),
      pair_counts_(&ledger.layout().pair_counts(worker, 0)),
      latencies_(ledger, worker),
      sources_(ledger, worker) {
  note_worker(ledger, worker);
}

void WorkerMetrics::reset_gauges() {
  counts_->closed[static_cast<std::size_t>(CloseReason::worker_died)].add(unaccounted_connections(*counts_));
  abandon_requests();
  for (std::size_t i = 0; i < kWorkerCells; ++i)
    if (info_of(static_cast<WorkerCell>(i)).kind == MetricKind::gauge)
      counts_->counters[i].store(0, kRelaxed);
  const ListenerId listeners = layout_->listener_count.load(std::memory_order_acquire);
  for (ListenerId listener = 0; listener < listeners; ++listener)
    listeners_[listener].open.store(0, kRelaxed);
  const ServerId servers = layout_->server_count.load(std::memory_order_acquire);
  for (ServerId server = 0; server < servers; ++server) {
    if (const auto open = unaccounted_requests(pairs_[server], pair_counts_[server]); open != 0)
      add(server, ServerCell::abandoned, open);
    for (std::size_t i = 0; i < kServerCells; ++i)
      if (info_of(static_cast<ServerCell>(i)).kind == MetricKind::gauge)
        pairs_[server].counters[i].store(0, kRelaxed);
  }
}

void WorkerMetrics::abandon_requests() {
  for (std::size_t type = 0; type < CostModel::kMaxTypes; ++type) {
    const std::int64_t open = unaccounted_requests(*counts_, type);
    counts_->abandoned[type].add(open);
    add(WorkerCell::requests_abandoned, open);
  }
}

void count_lost_lines(Ledger& ledger, std::int64_t lines) {
  if (lines == 0) return;
  auto& cell = ledger.layout().lines_lost;
  std::int64_t seen = cell.load(kRelaxed);
  while (!cell.compare_exchange(seen, seen + lines)) {
  }
}

std::int64_t lost_lines(const Ledger& ledger) { return ledger.layout().lines_lost.load(kRelaxed); }
void count_stalled(Ledger& ledger) { ledger.layout().stalled.add(1); }
void set_quarantined(Ledger& ledger, std::uint32_t children) {
  ledger.layout().quarantined.store(children, kRelaxed);
}
std::uint32_t quarantined(const Ledger& ledger) { return ledger.layout().quarantined.load(kRelaxed); }
std::int64_t stalled(const Ledger& ledger) { return ledger.layout().stalled.load(kRelaxed); }

std::uint32_t MetricsReader::workers() const { return layout_->worker_limit.load(std::memory_order_acquire); }

template <class CellOf>
std::int64_t MetricsReader::sum(CellOf cell_of) const {
  std::int64_t sum = 0;
  for (WorkerId worker = 0; worker < workers(); ++worker) sum += cell_of(worker).load(kRelaxed);
  return sum;
}

std::int64_t MetricsReader::of(WorkerId worker, WorkerCell cell) const {
  return layout_->worker_counts(worker).counters[static_cast<std::size_t>(cell)].load(kRelaxed);
}

std::int64_t MetricsReader::received(WorkerId worker, RequestType type) const {
  return layout_->worker_counts(worker).received[type].load(kRelaxed);
}

std::int64_t MetricsReader::total(WorkerCell cell) const {
  return sum([&](WorkerId w) -> auto& {
    return layout_->worker_counts(w).counters[static_cast<std::size_t>(cell)];
  });
}

std::int64_t MetricsReader::total(ServerId server, ServerCell cell) const {
  return sum([&](WorkerId w) -> auto& {
    return layout_->pair(w, server).counters[static_cast<std::size_t>(cell)];
  });
}

std::int64_t MetricsReader::closed(CloseReason reason) const {
  return sum([&](WorkerId w) -> auto& {
    return layout_->worker_counts(w).closed[static_cast<std::size_t>(reason)];
  });
}

std::int64_t MetricsReader::received(RequestType type) const {
  return sum([&](WorkerId w) -> auto& { return layout_->worker_counts(w).received[type]; });
}

std::int64_t MetricsReader::received_urgent(std::uint8_t priority) const {
  return sum([&](WorkerId w) -> auto& { return layout_->worker_counts(w).received_urgent[priority - 1U]; });
}

std::int64_t MetricsReader::answered(RequestType type, proto::Status status) const {
  return sum([&](WorkerId w) -> auto& {
    return layout_->worker_counts(w).answered[type][static_cast<std::size_t>(status)];
  });
}

std::int64_t MetricsReader::abandoned(RequestType type) const {
  return sum([&](WorkerId w) -> auto& { return layout_->worker_counts(w).abandoned[type]; });
}

std::int64_t MetricsReader::rejected(proto::Status status) const {
  return sum([&](WorkerId w) -> auto& {
    return layout_->worker_counts(w).rejected[static_cast<std::size_t>(status)];
  });
}

std::int64_t MetricsReader::served(ServerId server, RequestType type) const {
  return sum([&](WorkerId w) -> auto& { return layout_->pair_counts(w, server).served[type]; });
}

std::int64_t MetricsReader::failed(ServerId server, proto::Status status) const {
  return sum([&](WorkerId w) -> auto& {
    return layout_->pair_counts(w, server).failed[static_cast<std::size_t>(status)];
  });
}

}  // namespace finishline::ledger
