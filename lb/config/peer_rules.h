// What must hold in [peers]: through what proxies hear of each other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lb/config/draft.h"

namespace finishline::config {

/// redis://HOST:PORT/DATABASE, or rediss:// over TLS.
struct RedisUrl {
  net::Endpoint endpoint;
  std::uint32_t database = 0;
  bool tls = false;
};
/// Of a list with commas, all with TLS or none; or what is wrong with one of them, fit for a user.
std::variant<std::vector<RedisUrl>, std::string> redis_urls_in(std::string_view list);

/// Reports what does not fit together, and says whether redis is spoken to over TLS.
void check_peers(Draft& draft);

}  // namespace finishline::config
