#include "lb/sched/pool_costs.h"

namespace finishline::sched {

PoolCosts pool_costs(const CostModel& cost, std::span<const PooledServer> servers) {
  bool mixed = false;
  for (const PooledServer& server : servers) mixed |= server.mini;
  const std::size_t kinds = mixed ? 2 : 1;
  PoolCosts costs{.servers = {}, .types = kinds * cost.request_types().size(), .nanos_per_unit = {}};
  for (const PooledServer& server : servers)
    costs.servers.push_back({server.type, server.slots, server.distance.later});
  for (std::size_t lane = 0; lane < costs.types; ++lane) {
    const auto type = static_cast<RequestType>(lane / kinds);
    for (const PooledServer& server : servers) {
      const bool cannot = server.mini && lane % 2 == 0;
      costs.nanos_per_unit.push_back(cannot ? std::numeric_limits<double>::infinity()
                                            : cost.nanos_per_unit(server.type, type, server.speed) *
                                                  server.distance.factor);
    }
  }
  return costs;
}

}  // namespace finishline::sched
