// Connections of random loads come and go, and servers are started so that the mean load stays at or under a
// threshold: the plain rule of connections (sched/scale_rule.h) under a virtual clock. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "lb/sched/scale_rule.h"
#include "proto/units.h"

namespace finishline::sim {

struct ConnectionScenario {
  double rate = 2;                        // connections per second at the end; it grows evenly from none
  double lifetime = 60;                   // seconds on the average
  double seconds = 900;                   // that are played
  double least_load = 1, most_load = 10;  // of one connection, percent of a server
  Nanos start_time = 1s;                  // from asking for a server to its first connection
  sched::ScaleLimits limits{.least = 1, .most = 200};
  sched::ScaleOptions rule;
  std::uint64_t seed = 1;
};

struct ConnectionOutcome {
  std::uint64_t connections = 0;
  double mean_load = 0, most_load = 0;  // of the servers that serve, as a share, over the seconds
  double above = 0;                     // share of the seconds in which it was over the threshold
  std::uint32_t servers = 0, most = 0;  // at the end; at most
  std::vector<double> load, serving;    // by second
};

ConnectionOutcome play_connections(const ConnectionScenario& scenario);

}  // namespace finishline::sim
