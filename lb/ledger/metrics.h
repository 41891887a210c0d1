// The counters: cells in shared memory, each written by one worker alone and summed on read. metrics.def
// lists every metric once. A counter outlives the worker that wrote it: a successor goes on counting.
#pragma once

#include <cstdint>

#include "lb/ledger/ledger.h"

namespace finishline::ledger {

/// Why a connection ended: the values of the `reason` label and of the log field alike.
enum class CloseReason : std::uint8_t {
#define FINISHLINE_CLOSE_REASON(name, help) name,
#include "lb/ledger/close_reasons.def"
#undef FINISHLINE_CLOSE_REASON
  count_
};
inline constexpr std::size_t kCloseReasons = static_cast<std::size_t>(CloseReason::count_);
std::string_view name_of(CloseReason reason);

/// Counters of one worker over all servers (kind WORKER in metrics.def).
enum class WorkerCell : std::uint8_t {
#define FINISHLINE_WORKER_METRIC(cell, kind, metric, help) cell,
#define FINISHLINE_SERVER_METRIC(cell, kind, metric, help)
#include "lb/ledger/metrics.def"
#undef FINISHLINE_WORKER_METRIC
#undef FINISHLINE_SERVER_METRIC
  count_
};
/// Counters of one worker about one server (kind SERVER).
enum class ServerCell : std::uint8_t {
#define FINISHLINE_WORKER_METRIC(cell, kind, metric, help)
#define FINISHLINE_SERVER_METRIC(cell, kind, metric, help) cell,
#include "lb/ledger/metrics.def"
#undef FINISHLINE_WORKER_METRIC
#undef FINISHLINE_SERVER_METRIC
  count_
};

/// One worker's counters; relaxed single-writer adds, no read-modify-write.
class WorkerMetrics {
 public:
  WorkerMetrics(Ledger& ledger, WorkerId worker);

  void add(WorkerCell cell, std::int64_t n = 1);      // gauges take negative n
  void add(ServerId server, ServerCell cell, std::int64_t n = 1);
  void close(CloseReason reason);                     // a client connection ended
  void received(RequestType type);                    // a whole, well-formed request of a known type arrived
  void answered(RequestType type, proto::Status status);  // exactly one per received request
  void rejected(proto::Status status);                // answered before it had a type: bad_frame, unknown_type, ...
  void served(ServerId server, RequestType type);     // a reply of this server was relayed

  /// Called by a worker at its start: gauges of a predecessor are void, counters go on.
  void reset_gauges();
};

}  // namespace finishline::ledger
