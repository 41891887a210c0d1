#include "lb/config/change.h"

#include <algorithm>

#include "lb/config/key_table.h"

namespace finishline::config {
namespace {

constexpr const char* kRestart = "a reload cannot change it: restart the proxy, or put the old value back";

/// Keys that only a restart changes; all of them stand in [proxy].
void check_fixed_keys(const Proxy& running, const Proxy& wanted, Change& change) {
  for (const Key& key : keys()) {
    const auto* field = std::get_if<Field<Proxy>>(&key.field);
    if (field == nullptr || key.reload == Reload::yes) continue;
    const bool same = std::visit([&](auto member) { return running.*member == wanted.*member; }, *field);
    if (same) continue;
    change.refusals.push_back(
        {.key = "proxy." + std::string(key.name), .message = "differs", .remedy = kRestart});
  }
}

/// The counters in the ledger are by position of the request type.
void check_types(const CostModel& running, const CostModel& wanted, Change& change) {
  const auto& before = running.request_types();
  const auto& after = wanted.request_types();
  if (after.size() >= before.size() && std::equal(before.begin(), before.end(), after.begin())) return;
  change.refusals.push_back({.key = "work.types",
                             .message = "differs in types that are in use",
                             .remedy = "a reload can only add types behind them: restart the proxy"});
}

bool same_pools(const std::vector<Pool>& a, const std::vector<Pool>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Pool& x, const Pool& y) { return x.name == y.name; });
}

/// All that running workers cannot take.
bool same_house(const Config& a, const Config& b) {
  return a.proxy == b.proxy && a.log == b.log && a.max_length == b.max_length && a.cost == b.cost &&
         a.listeners == b.listeners && same_pools(a.pools, b.pools);
}

}  // namespace

std::string_view name_of(Scope scope) {
  switch (scope) {
    case Scope::nothing:
      return "nothing";
    case Scope::servers:
      return "servers";
    case Scope::listeners:
      return "listeners";
  }
  return "";
}

Change change_between(const Config& running, const Config& wanted) {
  Change change;
  check_fixed_keys(running.proxy, wanted.proxy, change);
  check_types(running.cost, wanted.cost, change);
  if (!same_house(running, wanted)) {
    change.scope = Scope::listeners;
  } else if (running.pools != wanted.pools || running.servers != wanted.servers ||
             running.alerts != wanted.alerts || running.alert_rules != wanted.alert_rules ||
             running.peers != wanted.peers) {
    change.scope = Scope::servers;
  }
  return change;
}

}  // namespace finishline::config
