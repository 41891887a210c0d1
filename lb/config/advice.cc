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
  return advice;
}

}  // namespace finishline::config
