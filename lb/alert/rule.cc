#include "lb/alert/rule.h"

#include <algorithm>

namespace finishline::alert {

std::string_view name_of(Severity severity) {
  return severity == Severity::critical ? "critical" : "warning";
}

const AlertRules& default_rules() {
  constexpr auto kWarning = Severity::warning;
  constexpr auto kCritical = Severity::critical;
  static const AlertRules kDefaults = {
      {"server_down", true, 1, "", 3s, 3s, 1, kCritical, "a server is down or ejected"},
      {"latency_high", true, 0.2, "s", 30s, 30s, 0.9, kWarning,
       "95 of 100 requests of a type are answered within this time, and not the others"},
      {"cpu_high", true, 0.9, "of a core", 60s, 30s, 0.9, kWarning,
       "a process of the proxy, or a server, for each of its slots, uses so much of a core"},
      {"memory_high", true, 0.9, "of memory", 60s, 60s, 0.95, kWarning,
       "so much of this machine's memory is in use, by all or by one process of the proxy or server on it; "
       "or "
       "a worker uses so much of what its configuration allows it"},
      {"traffic_spike", true, 3, "times the usual", 30s, 60s, 0.8, kWarning,
       "so many times more requests come than at this hour a week ago, or, where that is not known, than in "
       "the "
       "last hour"},
      {"distribution_poor", true, 0.5, "of a server", 60s, 30s, 0.8, kWarning,
       "a server of a pool works all the time while another one is busy so much less; or its ratio to the "
       "possible best is 1.2 (1 and 0.4 times this), which is known while somebody looks"},
      {"errors_burning", true, 1, "of the limit", 0s, 60s, 0.9, kCritical,
       "of 1000 requests more than one fails: 14.4 times as many for an hour and 5 minutes, or 6 times as "
       "many for 6 hours and half an hour"},
      {"no_server", true, 1, "", 3s, 3s, 1, kCritical, "no server takes requests of a type that it could do"},
      {"worker_died", true, 1, "deaths", 0s, 5s, 1, kWarning,
       "so many worker processes have died within five minutes"},
      {"disk_full", true, 0.9, "of the disk", 60s, 60s, 0.98, kCritical,
       "so much of the disk that the log, the access log or proxy.state_dir is on is full"},
      {"peers_lost", true, 1, "", 3s, 3s, 1, kCritical,
       "other proxies cannot be heard, or one of them has fallen silent"},
      {"certificate_ends", true, 1, "times as near as two weeks", 0s, 60s, 0.99, kWarning,
       "a certificate that clients are shown ends within two weeks; 0.5: within four, 2: within one"},
      {"scaling_failed", true, 1, "", 3s, 3s, 1, kWarning,
       "a server that is to be started keeps dying, or a pool has more work than all that it may have can "
       "do"},
      {"socket_lost", true, 1, "", 0s, 3s, 1, kCritical,
       "somebody has removed the file of a Unix socket that clients connect to, or put another in its place"},
  };
  return kDefaults;
}

std::optional<RuleKind> rule_named(std::string_view name) {
  const auto found = std::ranges::find(default_rules(), name, &AlertRule::name);
  if (found == default_rules().end()) return std::nullopt;
  return static_cast<RuleKind>(found - default_rules().begin());
}

}  // namespace finishline::alert
