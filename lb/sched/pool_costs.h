// What the servers of a pool need for each type of request, as the rule of late binding and its prices see
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "lb/sched/distance.h"
#include "proto/cost_model.h"

namespace finishline::sched {

/// Servers of one type, which are priced together.
using ServerGroup = std::uint8_t;
inline constexpr std::size_t kMaxGroups = 64;  // CostModel::kMaxTypes

struct PoolCosts {
  struct Server {
    ServerGroup group = 0;    // below kMaxGroups
    std::uint32_t slots = 1;  // requests it works on at once, > 0
    Nanos later{};            // by its distance each request is done so much later
  };
  std::vector<Server> servers;  // by position in the pool
  std::size_t types = 0;
  /// [type * servers.size() + server]: service time per unit of length, ns, > 0; +infinity where it cannot be
  /// done.
  std::vector<double> nanos_per_unit;

  double cost(std::size_t server, std::size_t type) const {
    return nanos_per_unit[type * servers.size() + server];
  }
  std::size_t groups() const {
    std::size_t n = 0;
    for (const Server& server : servers) n = server.group >= n ? server.group + std::size_t{1} : n;
    return n;
  }
};

/// What a pool's costs are made of.
struct PooledServer {
  ServerType type = 0;
  double speed = 1;
  std::uint32_t slots = 1;
  bool mini = false;  // speaks the two-byte protocol
  Distance distance{};
};
/// Where some servers speak the two-byte protocol, each request type is two here: 2 * type of what does not
/// fit that protocol, 2 * type + 1 of what does.
PoolCosts pool_costs(const CostModel& cost, std::span<const PooledServer> servers);

}  // namespace finishline::sched
