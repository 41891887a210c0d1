// A shadow policy: what another policy, or late binding, would have made of traffic that came. It plays what
// was recorded and costs those who serve nothing. Pure.
#pragma once

#include <optional>
#include <string>

#include "lb/sim/series.h"
#include "lb/sim/served_work.h"

namespace finishline::sim {

struct Shadow {
  std::string policy;
  std::optional<double> ratio;   // makespan to lower bound
  std::optional<double> regret;  // its makespan to the one that was achieved, less 1; below 0: it is better
  double p50 = 0, p95 = 0, p99 = 0;  // seconds from a request to its reply
  double imbalance = 0;              // of the share of time in which a server works: the most less the least
};

/// `bound` is the lower bound of the replay, which has at least one request. The same arguments give the same
/// shadow.
Shadow shadow_of(const Replay& replay, Nanos bound, const Contender& contender,
                 const sched::PolicyParams& params);

}  // namespace finishline::sim
