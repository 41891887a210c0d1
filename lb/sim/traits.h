// What a pool's traffic looks like, measured on requests that were served. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "proto/cost_model.h"
#include "proto/units.h"

namespace finishline::sim {

/// A request that was served, as the proxy records it.
struct Sample {
  Instant received_at{};
  RequestType type = 0;
  std::uint32_t length = 0;
  std::size_t server = 0;  // position in the pool
  Nanos service{};         // how long that server worked on it
  Instant done{};          // its reply; 0 where nobody asks for it
};

struct Traits {
  double type_spread = 1;    // service time per request of the dearest type to that of the cheapest
  bool declared = false;     // lengths differ, so they say something
  double server_spread = 1;  // time per unit of declared work at the slowest server to that at the fastest
  double load = 0;           // share of the time in which the servers worked
  /// By server: how many times longer it works than expected; 1 where too little is known.
  std::vector<double> slowness;
};

/// Of samples in order of their receipt; there is at least one.
Traits traits_of(std::span<const Sample> samples, const CostModel& cost, std::span<const ServerSpec> servers);

/// How long the configuration says that it takes; 0 for a server that cannot do it.
Nanos expected_service(const Sample& sample, const CostModel& cost, const ServerSpec& server);

/// "types differ 2.1-fold, lengths are declared, servers differ 1.0-fold, load 0.87"
std::string to_string(const Traits& traits);

}  // namespace finishline::sim
