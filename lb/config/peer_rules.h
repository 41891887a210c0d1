// What must hold in [peers]: through what proxies hear of each other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lb/config/draft.h"

namespace finishline::config {

/// redis://HOST:PORT/DATABASE
struct RedisUrl {
  net::Endpoint endpoint;
  std::uint32_t database = 0;
};
/// Of a list with commas; or what is wrong with one of them, fit for a user.
std::variant<std::vector<RedisUrl>, std::string> redis_urls_in(std::string_view list);

void check_peers(Draft& draft);

}  // namespace finishline::config
