#include "lb/control/costs_page.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace finishline::control {
namespace {

using CostJson = nlohmann::ordered_json;

/// Over servers of one type: the mean by how much each has shown, and who differs most.
struct LearnedOfAll {
  double weighted = 0, least = 0, most = 0;
  std::uint64_t samples = 0;
  CostJson servers = CostJson::array();

  void add(const ServerSnapshot& server, const ledger::LearnedCost& cost, double speed, Instant now) {
    const double seconds = cost.learned * speed / 1e9;
    least = samples == 0 ? seconds : std::min(least, seconds);
    most = std::max(most, seconds);
    weighted += seconds * static_cast<double>(cost.samples);
    samples += cost.samples;
    servers.push_back(
        {{"name", server.name},
         {"learned_s", seconds},
         {"sd", cost.sd},
         {"samples", cost.samples},
         {"age_s", std::chrono::duration<double>(std::max(now - cost.updated_at, Nanos{})).count()}});
  }
};

LearnedOfAll learned_of(const PoolFacts& pool, std::size_t server_type, std::size_t type,
                        const Snapshot& snapshot, const Inventory& inventory) {
  LearnedOfAll all;
  for (const ledger::ServerId id : pool.servers) {
    const ServerFacts& facts = inventory.server(id);
    if (facts.type != server_type || id >= snapshot.servers.size()) continue;
    const ServerSnapshot& server = snapshot.servers[id];
    if (type < server.costs.size() && server.costs[type].samples > 0)
      all.add(server, server.costs[type], facts.speed, snapshot.taken_at);
  }
  return all;
}

CostJson entry_of(const PoolFacts& pool, std::size_t server_type, std::size_t type, double factor,
                  const Snapshot& snapshot, const Inventory& inventory) {
  LearnedOfAll learned = learned_of(pool, server_type, type, snapshot, inventory);
  const auto known = [&](double value) { return learned.samples > 0 ? CostJson(value) : CostJson(); };
  const double mean = learned.weighted / static_cast<double>(std::max<std::uint64_t>(learned.samples, 1));
  return {{"server_type", inventory.server_types[server_type]},
          {"type", inventory.request_types[type]},
          {"declared_s", factor * static_cast<double>(inventory.cost.unit().count()) / 1e9},
          {"learned_s", known(mean)},
          {"learned_least_s", known(learned.least)},
          {"learned_most_s", known(learned.most)},
          {"samples", learned.samples},
          {"servers", std::move(learned.servers)}};
}

}  // namespace

CostJson costs_page(const PoolFacts& pool, const Snapshot& snapshot, const Inventory& inventory) {
  CostJson all = CostJson::array();
  if (pool.streams) return all;
  std::vector<std::size_t> told;
  for (const ledger::ServerId id : pool.servers) {
    const std::size_t server_type = inventory.server(id).type;
    if (std::ranges::find(told, server_type) != told.end()) continue;
    told.push_back(server_type);
    for (std::size_t type = 0; type < inventory.request_types.size(); ++type)
      if (const auto factor =
              inventory.cost.factor(static_cast<ServerType>(server_type), static_cast<RequestType>(type)))
        all.push_back(entry_of(pool, server_type, type, *factor, snapshot, inventory));
  }
  return all;
}

}  // namespace finishline::control
