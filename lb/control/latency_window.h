// Latencies of the last seconds: histograms that have counted since the start, less what they had counted
// some seconds ago. Control process; pure, time comes with the snapshots.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "lb/control/overview.h"
#include "lb/control/snapshot.h"

namespace finishline::control {

class LatencyWindow {
 public:
  /// What is told is of at least `window`, and at most one and a half times as long.
  explicit LatencyWindow(Nanos window = 10s) : window_(window) {}

  /// Fills in the quantiles of an overview of this snapshot. Pools and servers are known by their names, so a
  /// configuration in between begins nothing anew, unless it has other types of requests.
  void fill(Overview& overview, const Snapshot& now, const Inventory& inventory);

 private:
  struct Response {
    std::string server;
    ledger::LatencyHistogram histogram;
  };
  struct Look {
    Instant at;
    std::vector<PoolSnapshot> pools;  // with their histograms
    std::vector<Response> responses;  // by ServerId
  };
  void keep(const Snapshot& now);
  static const PoolSnapshot* pool_named(const Look& look, const std::string& name);
  static const ledger::LatencyHistogram& response_of(const Look& look, const ServerSnapshot& server);

  Nanos window_;
  std::vector<std::string> types_;  // of requests
  std::deque<Look> looks_;          // the oldest first
};

/// p50, p95 and p99 in seconds.
Quantiles quantiles_of(const ledger::LatencyHistogram& histogram);

}  // namespace finishline::control
