// Many runs of one policy on one scenario, seed after seed, and what they come to.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "lb/sim/late_simulation.h"
#include "lb/sim/simulation.h"

namespace finishline::sim {

/// What a row is called, wherever contenders stand side by side: as the policy, which for makespan means late
/// binding; "makespan-early" where that binds early, "makespan-shortest" and "makespan-longest" in another
/// order than balanced.
std::string row_name(const sched::PolicyRow& bound_early);
std::string row_name(sched::WaitOrder bound_late);

/// Who is compared: a policy that binds requests when they arrive, or late binding.
struct Contender {
  Contender(const sched::PolicyRow& row) : name(row_name(row)), policy(&row) {}
  Contender(const LateBindingParams& binding) : name(row_name(binding.rule.order)), late(binding) {}
  Contender(std::string called, const LateBindingParams& binding) : name(std::move(called)), late(binding) {}

  std::string name;
  const sched::PolicyRow* policy = nullptr;  // nullptr: `late` is meant
  LateBindingParams late;
};

struct Summary {
  std::string name;                          // of the contender
  const sched::PolicyRow* policy = nullptr;  // as well
  std::uint64_t first_seed = 0;
  std::uint64_t runs = 0;
  std::uint64_t requests = 0;  // of all runs
  std::uint64_t refused = 0;
  double ratio_p50 = 0, ratio_p95 = 0, ratio_max = 0;  // of makespan to lower bound, over the runs
  Nanos latency_mean{}, latency_p99{};                 // over the answered requests of all runs
  std::vector<std::vector<std::uint64_t>> counts;      // [server][request type], all runs
};

/// One run: the same requests for all contenders under the same seed.
Result run_one(const Scenario& scenario, const Contender& contender, const sched::PolicyParams& params,
               std::uint64_t seed);

/// Runs with the seeds first_seed, first_seed + 1, ...; runs > 0.
Summary run_series(const Scenario& scenario, const Contender& contender, const sched::PolicyParams& params,
                   std::uint64_t first_seed, std::uint64_t runs);

}  // namespace finishline::sim
