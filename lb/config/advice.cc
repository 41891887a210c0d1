#include "lb/config/advice.h"

#include <algorithm>

#include "lb/config/document.h"
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
  return advice;
}

}  // namespace finishline::config
