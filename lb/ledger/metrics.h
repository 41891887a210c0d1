// The counters: cells in shared memory, each written by one worker alone and summed on read. metrics.def
// lists every plain metric once. A counter outlives the worker that wrote it: a successor goes on counting.
#pragma once

#include <cstdint>

#include "lb/ledger/latencies.h"
#include "lb/ledger/layout.h"
#include "lb/ledger/ledger.h"
#include "lb/ledger/metric_names.h"
#include "lb/ledger/source_samples.h"
#include "proto/cost_model.h"
#include "proto/frame.h"

namespace finishline::ledger {

/// One worker's counters; relaxed single-writer adds, no read-modify-write.
class WorkerMetrics {
 public:
  /// `worker` < sizes().max_workers. The ledger outlives this.
  WorkerMetrics(Ledger& ledger, WorkerId worker);

  void add(WorkerCell cell, std::int64_t n = 1) {  // gauges take negative n
    counts_->counters[static_cast<std::size_t>(cell)].add(n);
  }
  void add(ServerId server, ServerCell cell, std::int64_t n = 1) {
    pairs_[server].counters[static_cast<std::size_t>(cell)].add(n);
  }
  /// A client connection ended.
  void close(CloseReason reason) { counts_->closed[static_cast<std::size_t>(reason)].add(1); }
  /// A whole, well-formed request of a known type arrived.
  void received(RequestType type, std::uint8_t priority = 0) {
    counts_->received[type].add(1);
    if (priority > 0) [[unlikely]]
      counts_->received_urgent[priority - 1U].add(1);
  }
  /// Exactly one per received request.
  void answered(RequestType type, proto::Status status) { counts_->answered[type][index_of(status)].add(1); }
  /// Answered before it had a type: bad_frame, unknown_type, ...
  void rejected(proto::Status status) { counts_->rejected[index_of(status)].add(1); }
  /// A good reply of this server to a request of this type.
  void served(ServerId server, RequestType type) { pair_counts_[server].served[type].add(1); }
  /// A request was sent to this server and got no good reply from it.
  void failed(ServerId server, proto::Status status) { pair_counts_[server].failed[index_of(status)].add(1); }

  /// How long things took.
  LatencyWriter& latencies() { return latencies_; }
  /// Where traffic comes from.
  SourceWriter& sources() { return sources_; }

  /// For the counters of a worker that runs no more, by the master when it died or by its successor at
  /// its start: gauges are void, and what was open is counted as lost with the worker, so that accepted =
  /// closed + open, received = answered + abandoned + open, by type, and sent = served + failed + abandoned +
  /// in flight, by server, hold again.
  void reset_gauges();

 private:
  void abandon_requests();
  /// A status from the wire may be any number; outside the list it is the server's error.
  static std::size_t index_of(proto::Status status) {
    const auto index = static_cast<std::size_t>(status);
    return index < proto::kStatusCount ? index : static_cast<std::size_t>(proto::Status::server_error);
  }

  Layout* layout_;  // borrowed from the ledger, as the others
  WorkerCounts* counts_;
  ListenerCells* listeners_;  // by ListenerId
  PairRow* pairs_;            // by ServerId
  PairCounts* pair_counts_;   // by ServerId
  LatencyWriter latencies_;
  SourceWriter sources_;
};

/// Counters of the whole proxy, whoever raises them.
void count_lost_lines(Ledger& ledger, std::int64_t lines);
std::int64_t lost_lines(const Ledger& ledger);
/// Master: the watchdog has killed a child whose loop did not turn.
void count_stalled(Ledger& ledger);
std::int64_t stalled(const Ledger& ledger);
/// Children that keep dying young and are started every few seconds only. Master; any process.
void set_quarantined(Ledger& ledger, std::uint32_t children);
std::uint32_t quarantined(const Ledger& ledger);

/// Reads the counters of all workers; any process. Numbers of running workers are a few microseconds old
/// and not all of one instant.
class MetricsReader {
 public:
  explicit MetricsReader(const Ledger& ledger) : layout_(&ledger.layout()) {}

  std::uint32_t workers() const;  // workers ever seen have ids below this
  std::int64_t of(WorkerId worker, WorkerCell cell) const;
  std::int64_t received(WorkerId worker, RequestType type) const;

  // Sums over all workers.
  std::int64_t total(WorkerCell cell) const;
  std::int64_t total(ServerId server, ServerCell cell) const;
  std::int64_t closed(CloseReason reason) const;
  std::int64_t received(RequestType type) const;
  /// Of this priority class, at least 1: the rest is of class 0.
  std::int64_t received_urgent(std::uint8_t priority) const;
  std::int64_t answered(RequestType type, proto::Status status) const;
  /// Open when their worker died: received = answered + abandoned + open.
  std::int64_t abandoned(RequestType type) const;
  std::int64_t rejected(proto::Status status) const;
  std::int64_t served(ServerId server, RequestType type) const;
  std::int64_t failed(ServerId server, proto::Status status) const;

 private:
  template <class CellOf>
  std::int64_t sum(CellOf cell_of) const;

  const Layout* layout_;
};

}  // namespace finishline::ledger
