// One run of one policy under a virtual clock: the policy that ships, the client's load plan, the servers'
// queue and the ledger's arithmetic; no sockets, no real time. Links cost nothing and estimates are exact
// unless the scenario says otherwise, so what is left is the quality of the decisions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "lb/sched/policies.h"
#include "lb/sim/scenario.h"

namespace finishline::sim {

/// What became of one request; times count from the start of the run.
struct Assignment {
  SimRequest request;
  std::optional<std::size_t> server;  // position in Scenario::servers; none: no server can do this type
  Nanos expected{};                   // how long the proxy thought that it would take there
  Nanos service{};                    // how long the server worked on it
  Nanos done{};                       // its reply; for a refused request its arrival

  Nanos latency() const { return done - request.at; }
};

struct Result {
  std::vector<Assignment> assignments;  // in the order of arrival
  std::uint64_t refused = 0;            // requests that no server can do
  Nanos makespan{};                     // from the start of the run to the last reply
  Nanos lower_bound{};                  // of the makespan, for exactly these requests

  /// makespan / lower_bound; 1 where there was nothing to do.
  double ratio() const;
  /// Of the requests that were answered, seconds.
  double mean_latency() const;
};

/// Counts what was refused and finds the makespan.
Result result_of(std::vector<Assignment> assignments);

/// A span so many times as long; exact for a factor of 1.
Nanos stretched(Nanos span, double factor);

/// These requests, in order of time, under this policy, which may be `adaptive`. No lower bound.
Result play(const Scenario& scenario, const std::vector<SimRequest>& requests, const sched::PolicyRow& policy,
            const sched::PolicyParams& params, std::uint64_t seed);

/// The same scenario, policy and seed give the same result, bit by bit. The seed gives the traffic (the
/// same for every policy) and the policy's chances.
Result run_simulation(const Scenario& scenario, const sched::PolicyRow& policy,
                      const sched::PolicyParams& params, std::uint64_t seed);

/// How many requests of each type each server did: [server][request type].
std::vector<std::vector<std::uint64_t>> counts_of(const Result& result, const Scenario& scenario);

}  // namespace finishline::sim
