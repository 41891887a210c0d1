#include "lb/config/costs.h"

#include <algorithm>

namespace finishline::config {
namespace {

constexpr std::uint32_t kMaxMiniLength = 9;  // one digit

template <class Row, class Member>
std::vector<std::string_view> names_of(const std::vector<Row>& rows, Member name) {
  std::vector<std::string_view> names;
  for (const Row& row : rows) names.push_back(row.*name);
  return names;
}

template <class Row, class Member>
const Row* find_named(const std::vector<Row>& rows, Member name, std::string_view wanted) {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.*name == wanted; });
  return found == rows.end() ? nullptr : &*found;
}

bool can_do(const Draft& draft, const Server& server, std::string_view request_type) {
  const CostRow* const row = find_named(draft.cost, &CostRow::server_type, server.type);
  if (row == nullptr) return false;
  return std::any_of(row->factors.begin(), row->factors.end(),
                     [&](const auto& factor) { return factor.first == request_type; });
}

void check_cost_rows(Draft& draft) {
  const auto known = names_of(draft.work.types, &RequestTypeSpec::name);
  for (const CostRow& row : draft.cost) {
    for (const auto& [request_type, factor] : row.factors) {
      if (find_named(draft.work.types, &RequestTypeSpec::name, request_type) != nullptr) continue;
      draft.report("cost." + row.server_type + '.' + request_type, "unknown request type",
                   did_you_mean(request_type, known, "add it to work.types, with its letter"));
    }
  }
  if (draft.cost.size() > CostModel::kMaxTypes) {
    const CostRow& first_over = draft.cost[CostModel::kMaxTypes];
    draft.report("cost." + first_over.server_type,
                 "more than " + std::to_string(CostModel::kMaxTypes) + " server types",
                 "use one type for servers with the same costs, and speed for the rest");
  }
}

void check_server_types(Draft& draft) {
  const auto known = names_of(draft.cost, &CostRow::server_type);
  for (std::size_t i = 0; i < draft.config.servers.size(); ++i) {
    const std::string key = key_path("server", i, "type");
    const std::string& type = draft.config.servers[i].type;
    if (draft.config.serves_streams(draft.config.servers[i])) continue;
    if (!draft.given(key) || find_named(draft.cost, &CostRow::server_type, type) != nullptr) continue;
    draft.report(key, "unknown server type '" + type + "'",
                 did_you_mean(type, known, "add a section [cost." + type + "] with its factors"));
  }
}

/// Whether the listener's pool has a server for the type that takes lengths up to `length`.
bool served(const Draft& draft, const Listener& listener, std::string_view type, std::uint32_t length) {
  const auto& servers = draft.config.servers;
  return std::any_of(servers.begin(), servers.end(), [&](const Server& server) {
    const bool fits = server.protocol != Mode::mini || length <= kMaxMiniLength;
    return server.pool == listener.pool && fits && can_do(draft, server, type);
  });
}

bool served_anywhere(const Draft& draft, std::string_view type) {
  const auto& servers = draft.config.servers;
  return std::any_of(servers.begin(), servers.end(),
                     [&](const Server& server) { return can_do(draft, server, type); });
}

/// An empty pool is reported as such, and a server whose pool or type is in doubt may be the one that is
/// missed.
bool pool_is_judged(const Draft& draft, const Listener& listener) {
  bool any = false;
  for (std::size_t i = 0; i < draft.config.servers.size(); ++i) {
    const Server& server = draft.config.servers[i];
    if (!draft.given(key_path("server", i, "pool"))) return false;
    if (server.pool != listener.pool) continue;
    if (find_named(draft.cost, &CostRow::server_type, server.type) == nullptr) return false;
    any = true;
  }
  return any;
}

void check_coverage(Draft& draft, std::size_t index) {
  const Listener& listener = draft.config.listeners[index];
  if (listener.mode == Mode::stream) return;  // no types
  if (!pool_is_judged(draft, listener)) return;
  const std::string key = key_path("listener", index, "pool");
  const std::uint32_t longest = listener.mode == Mode::mini ? kMaxMiniLength : draft.work.max_length;
  for (const RequestTypeSpec& type : draft.work.types) {
    if (!served(draft, listener, type.name, 0)) {
      if (served_anywhere(draft, type.name)) continue;  // pools may specialise
      draft.report(key,
                   "no server of pool '" + listener.pool + "' can do requests of type '" + type.name + "'",
                   "add a server that can, a factor for '" + type.name +
                       "' in the [cost.*] of one it has, or "
                       "remove the type from work.types");
    } else if (!served(draft, listener, type.name, longest)) {
      draft.report(key,
                   "no server of pool '" + listener.pool + "' can do requests of type '" + type.name +
                       "' longer than 9: those that do the type speak mini, whose lengths are one digit",
                   "add a server that speaks frame, or set work.max_length = 9");
    }
  }
}

bool has_learning_pools_alone(const Draft& draft) {
  const auto learns = [](const Pool& pool) { return pool.streams || pool.learn == Learn::on; };
  return std::ranges::all_of(draft.config.pools, learns);
}

bool seed_knows_all(const Draft& draft, const CostModel& seed) {
  const auto knows_type = [&](const RequestTypeSpec& type) {
    return find_named(seed.request_types(), &RequestTypeSpec::name, type.name) != nullptr;
  };
  const auto knows_server = [&](const Server& server) {
    return draft.config.serves_streams(server) || seed.server_type_named(server.type).has_value();
  };
  return std::ranges::all_of(draft.work.types, knows_type) &&
         std::ranges::all_of(draft.config.servers, knows_server);
}

/// Nothing is known, and all is to be learned: every server does every type, one unit of length in one unit.
void add_equal_costs(Draft& draft) {
  for (const Server& server : draft.config.servers) {
    if (server.type.empty() || draft.config.serves_streams(server) ||
        find_named(draft.cost, &CostRow::server_type, server.type) != nullptr)
      continue;
    CostRow& row = draft.cost.emplace_back(CostRow{server.type, {}});
    for (const RequestTypeSpec& type : draft.work.types) row.factors.emplace_back(type.name, 1.0);
  }
}

}  // namespace

void default_costs(Draft& draft) {
  if (!draft.cost.empty()) return;
  const CostModel seed = CostModel::seed(draft.work.unit);
  if (has_learning_pools_alone(draft) && !seed_knows_all(draft, seed)) return add_equal_costs(draft);
  for (std::size_t server = 0; server < seed.server_types().size(); ++server) {
    CostRow row{seed.server_types()[server], {}};
    for (std::size_t request = 0; request < seed.request_types().size(); ++request) {
      const std::string& name = seed.request_types()[request].name;
      const auto factor = seed.factor(static_cast<ServerType>(server), static_cast<RequestType>(request));
      if (find_named(draft.work.types, &RequestTypeSpec::name, name) != nullptr && factor) {
        row.factors.emplace_back(name, *factor);
      }
    }
    draft.cost.push_back(std::move(row));
  }
}

void check_costs(Draft& draft) {
  if (draft.work.types.empty()) return;  // reported where it was read
  check_cost_rows(draft);
  check_server_types(draft);
  for (std::size_t i = 0; i < draft.config.listeners.size(); ++i) check_coverage(draft, i);
}

void build_costs(Draft& draft) {
  CostModel model(draft.work.unit);
  for (const RequestTypeSpec& type : draft.work.types) model.add_request_type(type.name, type.code);
  for (const CostRow& row : draft.cost) {
    const ServerType server_type = model.add_server_type(row.server_type);
    for (const auto& [name, factor] : row.factors) {
      const RequestTypeSpec* const type = find_named(draft.work.types, &RequestTypeSpec::name, name);
      model.set_factor(server_type, static_cast<RequestType>(type - draft.work.types.data()), factor);
    }
  }
  for (Server& server : draft.config.servers) {
    if (!draft.config.serves_streams(server)) server.type_index = *model.server_type_named(server.type);
  }
  draft.config.cost = std::move(model);
  draft.config.max_length = draft.work.max_length;
}

}  // namespace finishline::config
