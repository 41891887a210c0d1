#include "lb/config/type_rules.h"

#include <string>

namespace finishline::config {
namespace {

/// For one who knows no types, because his clients speak a protocol of their own: none of the pool's servers
/// has one, and no mode was chosen.
std::string stream_hint(const Draft& draft, const std::string& pool) {
  const Config& config = draft.config;
  for (const Server& server : config.servers)
    if (server.pool == pool && !server.type.empty()) return "";
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    if (config.listeners[i].pool != pool || draft.given(key_path("listener", i, "mode"))) continue;
    return "; or, where clients do not speak frames, mode = \"stream\" in listener '" +
           config.listeners[i].name + "'";
  }
  return "";
}

}  // namespace

void check_types_given(Draft& draft) {
  for (std::size_t i = 0; i < draft.config.servers.size(); ++i) {
    const std::string key = key_path("server", i, "type");
    if (draft.given(key) || draft.reported(key) || draft.config.serves_streams(draft.config.servers[i]))
      continue;
    const Key& row = *find_key(Section::server, "type");
    draft.report(key, "missing",
                 "add type = " + expectation(row) + ": " + std::string(row.prose) +
                     stream_hint(draft, draft.config.servers[i].pool));
  }
}

}  // namespace finishline::config
