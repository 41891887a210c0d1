// What `finishline sim` was asked for: text from the command line, turned into experiments or into the
// reason why not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lb/sched/policies.h"
#include "lb/sim/scenario.h"
#include "lb/sim/series.h"

namespace finishline::cli {

/// As written; empty stands for "not given".
struct SimOptions {
  std::string config;  // a configuration file; otherwise `servers` and the seed matrix
  std::string pool;    // of the configuration; the first one
  std::string servers = "video=2,music=1";
  std::string unit = "1ms";
  std::string policies = "all";
  std::string requests;  // per run; see kBatchRequests, kPoissonRequests
  std::string mix;       // all request types alike
  std::string length = "1..9";
  std::string arrivals = "both";  // batch, poisson or both
  double load = 0.9;              // poisson: share of the fractional capacity
  std::string trace;              // a CSV file instead of all of that traffic
  std::uint64_t seeds = 20;
  std::uint64_t seed = 1;        // the first
  std::optional<double> gamma;   // of regret; otherwise the configuration's or the default
  std::string binding = "both";  // early, late or both: `policies` are of early binding
  std::string order;             // of late binding: balanced, shortest or longest; all three
  double aging = 3;              // of shortest
  std::string mark = "auto";     // or a duration
  std::uint32_t workers = 1;     // late binding: that share what waits
  std::string wake_up = "50us";  // of one worker by another
  std::string rtt = "0";         // round trip between proxy and server
  double noise = 0;              // lengths are wrong by up to this share
  double wrong = 0;              // late binding is told wrong costs: standard deviation of their logarithms
  std::string learn = "off";     // or on: it learns the real ones
  std::uint32_t slots = 1;       // of each of `servers`
  std::string usage;             // total or a request type: print its load over days instead; or trace
  std::uint32_t days = 28;       // of usage, and so are the next six
  std::string step = "5m";
  std::string within;  // of a trace: the days come in so much time; as they are
  double rate = 100;
  double growth = 0.05;
  double usage_noise = 0.08;
  double spikes = 1;
  std::string scale;  // day, connections or a CSV file: play scaling instead
  bool json = false;
  std::string plot;   // an SVG file to write, too
  std::string gantt;  // another
};

/// A batch as in the demo. The poisson run is a spell of load, not a steady state: a policy that cannot
/// sustain the load shows it by a latency that grows with the number of requests.
inline constexpr std::uint64_t kBatchRequests = 300;
inline constexpr std::uint64_t kPoissonRequests = 1000;

/// One kind of traffic to try the policies on.
struct Trial {
  std::string arrivals;
  std::string description;
  sim::Scenario scenario;
};

struct SimPlan {
  std::vector<Trial> trials;
  std::vector<const sched::PolicyRow*> policies;  // none: binding is late only
  std::vector<sim::Contender> late;               // none: binding is early only
  sched::PolicyParams params;
};

/// Reads the configuration and the trace where they are asked for. The string is the reason why not.
std::variant<SimPlan, std::string> plan_of(const SimOptions& options);

}  // namespace finishline::cli
