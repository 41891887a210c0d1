#include "lb/config/client_weights.h"

#include <algorithm>

#include "lb/config/parts.h"
#include "lb/config/value.h"

namespace finishline::config {
namespace {

constexpr const char* kExample = "write for example { \"10.0.0.0/8\" = 3 }";

/// Why clients of this listener do not stand in turns; "" when they do.
std::string why_no_turns(const Listener& listener, const Pool& pool) {
  if (listener.mode == Mode::stream) return "has no meaning for streams, whose bytes are not read";
  if (listener.bind.starts_with("unix:"))
    return "has no meaning at a Unix socket, whose clients have no addresses";
  if (!pool.binds_late() && !pool.waits_when_full())
    return "has no meaning where no request waits: pool '" + pool.name + "' binds early";
  if (pool.order == sched::WaitOrder::longest)
    return "has no meaning with order = \"longest\", where clients do not take turns";
  if (pool.max_ahead == 0) return "has no meaning with max_ahead = 0, where clients do not take turns";
  return "";
}

}  // namespace

net::NetworkWeights read_weights(const Key& key, const Node& node, const std::string& path, Draft& draft) {
  net::NetworkWeights weights;
  const auto* const table = std::get_if<Table>(&node.value);
  if (table == nullptr) {
    draft.report_at(node.place, path, "expected " + expectation(key) + ", found " + describe(node), kExample);
    return weights;
  }
  Key of_one = key;
  of_one.type = Type::number;
  for (const Entry& entry : *table) {
    const std::string entry_path = path + '.' + entry.key;
    const auto network = net::parse_network(entry.key);
    const auto weight = read_value(of_one, entry.node);
    const auto* const found = std::get_if<net::Network>(&network);
    const auto is_it = [&](const auto& it) { return found != nullptr && it.first == *found; };
    if (found == nullptr) {
      draft.report_at(entry.place, entry_path, std::get<std::string>(network), kExample);
    } else if (std::ranges::any_of(weights, is_it)) {
      draft.report_at(entry.place, entry_path, "this network has a weight already", "leave one of the two");
    } else if (const auto* fault = std::get_if<Fault>(&weight)) {
      draft.report_at(entry.node.place, entry_path, fault->message, fault->remedy);
    } else {
      weights.emplace_back(*found, std::get<double>(std::get<Value>(weight)));
    }
  }
  return weights;
}

void check_client_weights(Draft& draft) {
  for (std::size_t i = 0; i < draft.config.listeners.size(); ++i) {
    const Listener& listener = draft.config.listeners[i];
    if (listener.client_weights.empty()) continue;
    for (const Pool& pool : draft.config.pools) {
      if (pool.name != listener.pool) continue;
      const std::string why = why_no_turns(listener, pool);
      if (!why.empty()) draft.report(key_path("listener", i, "client_weights"), why, "remove it");
    }
  }
}

}  // namespace finishline::config
