// One run of late binding under a virtual clock: the rule, queues, plan and mark that ship (lb/sched), the
// ledger's arithmetic and the servers' queue, played by several workers that see each other's lanes and call
// each other.
#pragma once

#include <cstdint>
#include <optional>

#include "lb/sched/matching.h"
#include "lb/sim/simulation.h"

namespace finishline::sim {

struct LateBindingParams {
  sched::MatchingRule rule{};
  std::uint32_t workers = 1;    // requests come to one of them by chance; > 0
  Nanos wake_up = 50us;         // from one worker's call until the other looks
  std::optional<Nanos> mark{};  // the same for all servers; otherwise sched::Mark finds it for each
  Nanos plan_every = 5ms;
  Nanos tick = 2ms;  // while something waits, every worker looks at all servers
  /// The configured costs are wrong: their logarithms by this standard deviation for each server type and
  /// request type, and by 4/7 of it for each server. 0: the servers do what they are said to do.
  double wrong = 0;
  bool learn = false;  // sched::CostLearner corrects them
  Nanos learn_every = 50ms;
};

/// These requests, in order of time. No lower bound. The seed gives the workers they come to, and the rule's
/// chances.
Result play_late(const Scenario& scenario, const std::vector<SimRequest>& requests,
                 const LateBindingParams& late, std::uint64_t seed);

/// As run_simulation: the same requests as every policy gets under this seed.
Result run_late(const Scenario& scenario, const LateBindingParams& late, std::uint64_t seed);

}  // namespace finishline::sim
