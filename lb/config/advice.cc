#include "lb/config/advice.h"

#include <algorithm>

#include "lb/config/document.h"
#include "lb/config/draft.h"
#include "lb/config/overlay.h"
#include "lb/config/parts.h"

namespace finishline::config {
namespace {

bool is_used(const Pool& pool, const Config& config) {
  return std::any_of(config.listeners.begin(), config.listeners.end(), [&](const Listener& listener) {
    return listener.pool == pool.name ||
           std::any_of(listener.sni.begin(), listener.sni.end(),
                       [&](const auto& route) { return route.second == pool.name; });
  });
}

/// Whether anything is asked of its clients' addresses.
bool asks_for_addresses(const Listener& it) {
  return !it.allow.empty() || !it.deny.empty() || !it.proxy_from.empty() || it.limits_sources();
}

std::string doubt_about(const Listener& it) {
  const Listener plain;
  if (it.address.is_unix() && asks_for_addresses(it))
    return "clients of a Unix socket have no addresses: allow, deny, proxy_from and limits per source do not "
           "apply";
  const bool file =
      it.unix_mode != plain.unix_mode || it.unix_user != plain.unix_user || it.unix_group != plain.unix_group;
  return file && !it.address.is_unix()
             ? "it is no Unix socket: unix_mode, unix_user and unix_group say nothing"
             : "";
}

void doubt_listeners(const Source& source, const Config& config, std::vector<Problem>& advice) {
  for (const Listener& it : config.listeners) {
    const std::string doubt = doubt_about(it);
    if (doubt.empty()) continue;
    const TextPosition place = place_of(source.text, "listener", it.name);
    advice.push_back({place.line, place.column, "listener '" + it.name + "'", doubt,
                      it.address.is_unix() ? "say by unix_mode and unix_group who may connect"
                                           : "leave them out, or bind unix:/PATH"});
    locate(advice.back(), source.text);
  }
}

const std::string* text_of(const Table& table, std::string_view key) {
  const Node* const node = find_node(table, key);
  return node == nullptr ? nullptr : std::get_if<std::string>(&node->value);
}

bool takes_streams(const Config& config, std::string_view pool) {
  const auto found = std::ranges::find(config.pools, pool, &Pool::name);
  return found != config.pools.end() && found->streams;
}

void say_it_is_idle(const Source& source, const std::string& key, const Node& node, std::string why,
                    std::vector<Problem>& advice) {
  advice.push_back({node.place.line, node.place.column, key, std::move(why), "leave it out"});
  locate(advice.back(), source.text);
}

/// A policy that needs requests is taken for the sample's, which stands there for pools of requests.
void doubt_policies(const Source& source, const Config& config, const Table& pools,
                    std::vector<Problem>& advice) {
  for (const Entry& entry : pools) {
    const auto* const pool = std::get_if<Table>(&entry.node.value);
    const std::string* const policy = pool == nullptr ? nullptr : text_of(*pool, "policy");
    if (policy == nullptr || *policy != Pool().policy || !takes_streams(config, entry.key)) continue;
    say_it_is_idle(source, "pool." + entry.key + ".policy", *find_node(*pool, "policy"),
                   "'" + *policy + "' cannot choose for streams, which declare neither type nor length: " +
                       "weighted-round-robin does",
                   advice);
  }
}

void doubt_types(const Source& source, const Config& config, const Array& servers,
                 std::vector<Problem>& advice) {
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const auto* const server = std::get_if<Table>(&servers[i].value);
    const std::string* const pool = server == nullptr ? nullptr : text_of(*server, "pool");
    if (pool == nullptr || find_node(*server, "type") == nullptr || !takes_streams(config, *pool)) continue;
    say_it_is_idle(source, key_path("server", i, "type"), *find_node(*server, "type"),
                   "says nothing of a server of streams, whose bytes are not read", advice);
  }
}

/// What the sample has for requests, and who makes it one of streams may leave.
void doubt_streams(const Source& source, const Config& config, std::vector<Problem>& advice) {
  const auto document = parse_document(source.text);
  const auto* const table = std::get_if<Table>(&document);
  if (table == nullptr || !config.has_streams()) return;
  if (const Node* const pools = find_node(*table, "pool"))
    if (const auto* const named = std::get_if<Table>(&pools->value))
      doubt_policies(source, config, *named, advice);
  if (const Node* const servers = find_node(*table, "server"))
    if (const auto* const listed = std::get_if<Array>(&servers->value))
      doubt_types(source, config, *listed, advice);
}

}  // namespace

std::vector<Problem> advice_on(const Source& source, const Config& config) {
  std::vector<Problem> advice;
  for (const Pool& pool : config.pools) {
    if (is_used(pool, config)) continue;
    const TextPosition place = place_of(source.text, "pool", pool.name);
    advice.push_back({place.line, place.column, "pool." + pool.name, "no listener uses it",
                      "write pool = \"" + pool.name + "\" in a [[listener]], or remove it"});
    locate(advice.back(), source.text);
  }
  doubt_listeners(source, config, advice);
  doubt_streams(source, config, advice);
  return advice;
}

}  // namespace finishline::config
