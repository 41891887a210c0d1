#include "lb/config/change.h"

#include <algorithm>
#include <utility>

#include "lb/config/document.h"
#include "lb/config/key_table.h"
#include "lb/config/parts.h"
#include "lb/config/value.h"
#include "proto/quantity.h"

namespace finishline::config {
namespace {

/// "256MiB" of a size that is so round.
std::string size_text(std::uint64_t bytes) {
  std::string_view unit = "B";
  for (const std::string_view larger : {"KiB", "MiB", "GiB"}) {
    if (bytes == 0 || bytes % 1024 != 0) break;
    bytes /= 1024;
    unit = larger;
  }
  return std::to_string(bytes) + std::string(unit);
}

/// As it would stand in a file.
template <class T>
std::string written(const Key& key, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_same_v<T, std::string>) {
    return quoted(key.type, value);
  } else if constexpr (std::is_same_v<T, Nanos>) {
    return quoted(key.type, human(value));
  } else if constexpr (std::is_same_v<T, std::optional<Nanos>>) {
    return quoted(key.type, value ? human(*value) : std::string(kAuto));
  } else if constexpr (std::is_same_v<T, std::optional<std::uint32_t>>) {
    return quoted(key.type, value ? std::to_string(*value) : std::string(kAuto));
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    std::string list;
    for (const std::string& text : value) list += (list.empty() ? "\"" : ", \"") + text + '"';
    return '[' + list + ']';
  } else if constexpr (std::is_same_v<T, net::Networks>) {
    std::string list;
    for (const net::Network& network : value)
      list += (list.empty() ? "\"" : ", \"") + network.to_string() + '"';
    return '[' + list + ']';
  } else {
    return key.type == Type::size ? quoted(key.type, size_text(value)) : std::to_string(value);
  }
}

Problem refusal(std::string key, const std::string& running, const std::string& wanted) {
  return {.key = std::move(key),
          .message = "is " + running + " in the proxy that runs, and a reload cannot make it " + wanted,
          .remedy = "restart the proxy, or put " + running + " back"};
}

/// Keys that only a restart changes; all of them stand in [proxy].
void check_fixed_keys(const Proxy& running, const Proxy& wanted, Change& change) {
  for (const Key& key : keys()) {
    const auto* field = std::get_if<Field<Proxy>>(&key.field);
    if (field == nullptr || key.reload == Reload::yes) continue;
    const auto compare = [&](auto member) {
      if (running.*member == wanted.*member) return;
      change.refusals.push_back(refusal("proxy." + std::string(key.name), written(key, running.*member),
                                        written(key, wanted.*member)));
    };
    std::visit(compare, *field);
  }
}

std::string written(const std::vector<RequestTypeSpec>& types) {
  std::string text;
  for (const RequestTypeSpec& type : types)
    text += (text.empty() ? "{ " : ", ") + type.name + " = \"" + type.code + '"';
  return text + " }";
}

/// The counters in the ledger are by position of the request type.
void check_types(const CostModel& running, const CostModel& wanted, Change& change) {
  const auto& before = running.request_types();
  const auto& after = wanted.request_types();
  if (after.size() >= before.size() && std::equal(before.begin(), before.end(), after.begin())) return;
  change.refusals.push_back(refusal("work.types", written(before), written(after)));
  change.refusals.back().remedy = "a reload can only add types behind those in use: restart the proxy";
}

bool same_pools(const std::vector<Pool>& a, const std::vector<Pool>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Pool& x, const Pool& y) { return x.name == y.name; });
}

/// But for what control alone looks at.
bool same_for_workers(Proxy a, const Proxy& b) {
  a.geo_database = b.geo_database;
  return a == b;
}

/// All that running workers cannot take.
bool same_house(const Config& a, const Config& b) {
  return same_for_workers(a.proxy, b.proxy) && a.log == b.log && a.max_length == b.max_length &&
         a.cost == b.cost && a.listeners == b.listeners && same_pools(a.pools, b.pools);
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
  } else if (running.proxy != wanted.proxy || running.pools != wanted.pools ||
             running.servers != wanted.servers || running.alerts != wanted.alerts ||
             running.alert_rules != wanted.alert_rules || running.peers != wanted.peers) {
    change.scope = Scope::servers;
  }
  return change;
}

void locate_refusals(Change& change, std::string_view text) {
  for (Problem& problem : change.refusals) {
    const std::size_t dot = problem.key.find('.');
    const TextPosition place = place_of(text, problem.key.substr(0, dot), problem.key.substr(dot + 1));
    problem.line = place.line;
    problem.column = place.column;
    locate(problem, text);
  }
}

}  // namespace finishline::config
