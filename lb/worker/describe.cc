#include "lb/worker/describe.h"

#include <nlohmann/json.hpp>

namespace finishline::worker {
namespace {

using Json = nlohmann::json;

Json types_of(const CostModel& cost) {
  Json types = Json::array();
  for (const RequestTypeSpec& type : cost.request_types()) {
    types.push_back({{"name", type.name}, {"code", std::string(1, type.code)}});
  }
  return types;
}

Json matrix_of(const CostModel& cost) {
  Json rows = Json::array();
  for (std::size_t server = 0; server < cost.server_types().size(); ++server) {
    Json row = Json::array();
    for (std::size_t request = 0; request < cost.request_types().size(); ++request) {
      const auto factor = cost.factor(static_cast<ServerType>(server), static_cast<RequestType>(request));
      row.push_back(factor ? Json(*factor) : Json());
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Json servers_of(const RequestPool& pool, const ledger::Ledger& ledger, const CostModel& cost) {
  Json servers = Json::array();
  for (const Member& member : pool.members()) {
    if (member.scaled && ledger.state(member.id) == ledger::ServerState::absent) continue;
    servers.push_back({{"number", member.id},
                       {"name", member.spec.name},
                       {"type", cost.server_types()[member.spec.type]},
                       {"speed", member.spec.speed},
                       {"slots", member.spec.slots}});
  }
  return servers;
}

}  // namespace

std::string describe_pool(const RequestPool& pool, const ledger::Ledger& ledger, const CostModel& cost,
                          std::uint32_t max_length, std::uint32_t max_body) {
  return Json{{"unit_ns", cost.unit().count()},
              {"max_length", max_length},
              {"max_body", max_body},
              {"pool", pool.options().name},
              {"policy", pool.policy()},
              {"types", types_of(cost)},
              {"server_types", cost.server_types()},
              {"cost", matrix_of(cost)},
              {"servers", servers_of(pool, ledger, cost)}}
      .dump();
}

}  // namespace finishline::worker
