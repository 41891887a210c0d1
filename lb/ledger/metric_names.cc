#include "lb/ledger/metric_names.h"

#include <array>

namespace finishline::ledger {
namespace {

constexpr std::array<std::string_view, kCloseReasons> kReasonNames{
#define FINISHLINE_CLOSE_REASON(name, help) #name,
#include "lb/ledger/close_reasons.def"
#undef FINISHLINE_CLOSE_REASON
};

constexpr std::array<MetricInfo, kWorkerCells> kWorkerMetrics{{
#define FINISHLINE_WORKER_METRIC(cell, kind, metric, help) {#cell, MetricKind::kind, metric, help},
#define FINISHLINE_SERVER_METRIC(cell, kind, metric, help)
#include "lb/ledger/metrics.def"
#undef FINISHLINE_WORKER_METRIC
#undef FINISHLINE_SERVER_METRIC
}};

constexpr std::array<MetricInfo, kServerCells> kServerMetrics{{
#define FINISHLINE_WORKER_METRIC(cell, kind, metric, help)
#define FINISHLINE_SERVER_METRIC(cell, kind, metric, help) {#cell, MetricKind::kind, metric, help},
#include "lb/ledger/metrics.def"
#undef FINISHLINE_WORKER_METRIC
#undef FINISHLINE_SERVER_METRIC
}};

}  // namespace

std::string_view name_of(CloseReason reason) {
  const auto index = static_cast<std::size_t>(reason);
  return index < kCloseReasons ? kReasonNames[index] : "unknown";
}

const MetricInfo& info_of(WorkerCell cell) { return kWorkerMetrics[static_cast<std::size_t>(cell)]; }
const MetricInfo& info_of(ServerCell cell) { return kServerMetrics[static_cast<std::size_t>(cell)]; }

}  // namespace finishline::ledger
