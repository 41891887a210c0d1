#include "lb/config/metrics_url.h"

#include <algorithm>
#include <utility>

#include "lb/config/draft.h"

namespace finishline::config {

std::variant<MetricsUrl, std::string> parse_metrics_url(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme)) return "'" + std::string(text) + "' does not begin with http://";
  const bool odd = std::ranges::any_of(text, [](unsigned char c) { return c <= ' ' || c >= 0x7f; });
  if (odd) return "'" + std::string(text) + "' has a character that no URL has";
  text.remove_prefix(kScheme.size());
  const std::size_t slash = std::min(text.find('/'), text.size());
  MetricsUrl url{
      .endpoint = {}, .host = std::string(text.substr(0, slash)), .path = std::string(text.substr(slash))};
  if (url.path.empty()) url.path = "/metrics";
  const std::size_t behind_brackets = url.host.rfind(']');
  const std::size_t colon = url.host.rfind(':');
  const bool has_port =
      colon != std::string::npos && (behind_brackets == std::string::npos || colon > behind_brackets);
  auto endpoint = net::parse_endpoint(has_port ? url.host : url.host + ":80");
  if (auto* const why = std::get_if<std::string>(&endpoint)) return std::move(*why);
  url.endpoint = std::move(std::get<net::Endpoint>(endpoint));
  return url;
}

/// A page is at an address, or at the name that the server has: no other name is looked up for it.
void check_metrics_urls(Draft& draft) {
  for (std::size_t i = 0; i < draft.config.servers.size(); ++i) {
    const Server& server = draft.config.servers[i];
    if (server.metrics.empty()) continue;
    const std::string key = key_path("server", i, "metrics");
    const auto url = parse_metrics_url(server.metrics);
    const auto own = net::parse_endpoint(server.bind);
    if (const auto* why = std::get_if<std::string>(&url)) {
      draft.report(key, *why, "write for example \"http://10.0.0.5:9100/metrics\"");
      continue;
    }
    const std::string& name = std::get<MetricsUrl>(url).endpoint.name;
    const auto* const endpoint = std::get_if<net::Endpoint>(&own);
    if (name.empty() || (endpoint != nullptr && endpoint->name == name)) continue;
    draft.report(key, "'" + name + "' is not the name in the server's address",
                 "write that name, or an IP address");
  }
}

}  // namespace finishline::config
