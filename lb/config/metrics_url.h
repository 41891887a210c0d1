// Where a server's /metrics page is: the text of the key server.metrics. Pure.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "lb/address/address.h"

namespace finishline::config {

struct MetricsUrl {
  net::Endpoint endpoint;  // port 80 where none is written
  std::string host;        // as the Host header has it
  std::string path;        // with the query
};

class Draft;
/// Those of all servers.
void check_metrics_urls(Draft& draft);

/// Of "http://HOST:PORT/PATH"; or why it is none, fit for a user.
std::variant<MetricsUrl, std::string> parse_metrics_url(std::string_view text);

}  // namespace finishline::config
