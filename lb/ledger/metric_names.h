// The names of all counters and of the reasons why connections end, made from metrics.def and
// close_reasons.def: enums for the code, words for metrics and log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

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

/// Counters of one worker over all servers.
enum class WorkerCell : std::uint8_t {
#define FINISHLINE_WORKER_METRIC(cell, kind, metric, help) cell,
#define FINISHLINE_SERVER_METRIC(cell, kind, metric, help)
#include "lb/ledger/metrics.def"
#undef FINISHLINE_WORKER_METRIC
#undef FINISHLINE_SERVER_METRIC
  count_
};
inline constexpr std::size_t kWorkerCells = static_cast<std::size_t>(WorkerCell::count_);

/// Counters of one worker about one server.
enum class ServerCell : std::uint8_t {
#define FINISHLINE_WORKER_METRIC(cell, kind, metric, help)
#define FINISHLINE_SERVER_METRIC(cell, kind, metric, help) cell,
#include "lb/ledger/metrics.def"
#undef FINISHLINE_WORKER_METRIC
#undef FINISHLINE_SERVER_METRIC
  count_
};
inline constexpr std::size_t kServerCells = static_cast<std::size_t>(ServerCell::count_);

/// A counter only grows; a gauge goes both ways and is void when its worker dies; microseconds is a
/// counter that is kept in us and shown in seconds.
enum class MetricKind : std::uint8_t { counter, gauge, microseconds };

struct MetricInfo {
  std::string_view cell;  // "connections_open": the key in /stats
  MetricKind kind;
  std::string_view metric;  // "finishline_connections_open": the name in /metrics
  std::string_view help;
};
const MetricInfo& info_of(WorkerCell cell);
const MetricInfo& info_of(ServerCell cell);

}  // namespace finishline::ledger
