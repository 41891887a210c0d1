// Latencies of the last seconds: histograms that have counted since the start, less what they had counted
// some seconds ago. Control process; pure, time comes with the snapshots.
#pragma once

#include <deque>
#include <vector>

#include "lb/control/overview.h"
#include "lb/control/snapshot.h"

namespace finishline::control {

class LatencyWindow {
 public:
  /// What is told is of at least `window`, and at most one and a half times as long.
  explicit LatencyWindow(Nanos window = 10s) : window_(window) {}

  /// Fills in the quantiles of an overview of this snapshot. A configuration in between begins the window
  /// anew.
  void fill(Overview& overview, const Snapshot& now, const Inventory& inventory);
  void begin_anew() { looks_.clear(); }

 private:
  struct Look {
    Instant at;
    std::vector<PoolSnapshot> pools;                  // with their histograms
    std::vector<ledger::LatencyHistogram> responses;  // by ServerId
  };
  void keep(const Snapshot& now);

  Nanos window_;
  std::deque<Look> looks_;  // the oldest first
};

/// p50, p95 and p99 in seconds.
Quantiles quantiles_of(const ledger::LatencyHistogram& histogram);

}  // namespace finishline::control
