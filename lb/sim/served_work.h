// What a pool did in a span of time, from the requests that it served, and the same as a scenario that the
// simulator can play again. Pure.
#pragma once

#include <vector>

#include "lb/sim/scenario.h"
#include "lb/sim/traits.h"

namespace finishline::sim {

/// Requests in any order; each has `done`.
struct ServedWork {
  CostModel cost;
  std::vector<ServerSpec> servers;  // that could work
  std::vector<double> weights{};    // by server; empty: all 1
  std::vector<Sample> samples{};
  Instant from{};  // what happened before does not count
};

/// Traffic that came, ready to be played: as long as it really took, by servers as fast as they were.
///
/// A request that came before `from` and was done after it comes at `from` here, and of its work counts what
/// was not done by then: otherwise a backlog that the span began with would look like a bad schedule.
struct Replay {
  Scenario scenario;          // its trace holds the requests in order of time; time 0 is `begin`
  std::vector<Nanos> done{};  // by request of the trace: when its reply came in fact
  Instant begin{};            // the first request
  Nanos makespan{};           // that was achieved, from `begin`
  Nanos travel{};             // of a request and its reply, the shortest that was seen

  bool empty() const { return scenario.trace.empty(); }
};

/// What a request spent after `from` without being worked on: on its way, or waiting.
Nanos spent_otherwise(const Sample& sample, Instant from);

/// Empty where nothing was served after work.from.
Replay replay_of(const ServedWork& work);

/// Only the latest `most` requests, as if what came before did not count.
ServedWork latest(ServedWork work, std::size_t most);

}  // namespace finishline::sim
