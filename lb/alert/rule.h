// When somebody is told: rules as data. Each stands with a default that needs no configuration. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "proto/units.h"

namespace finishline::alert {

enum class Severity : std::uint8_t { warning, critical };
std::string_view name_of(Severity severity);

/// In the order of default_rules().
enum class RuleKind : std::uint8_t {
  server_down,
  latency_high,
  cpu_high,
  memory_high,
  traffic_spike,
  distribution_poor,
  errors_burning,
  no_server,
  worker_died,
  disk_full,
  peers_lost,
  certificate_ends,
  scaling_failed,
  socket_lost,
};
inline constexpr std::size_t kRules = 14;

/// An alert is pending while its value is `threshold` or more, fires once that has lasted for `hold`, and is
/// resolved once the value has been below `threshold * clear` for `calm`: what moves between the two neither
/// begins nor ends anything. The defaults are those of latency_high.
struct AlertRule {
  std::string_view name = "latency_high";
  bool enabled = true;
  double threshold = 0.2;
  std::string_view unit = "s";
  Nanos hold = 30s;
  Nanos calm = 30s;
  double clear = 0.9;
  Severity severity = Severity::warning;
  std::string_view text{};  // what it is about
  bool operator==(const AlertRule&) const = default;
};
using AlertRules = std::vector<AlertRule>;

/// By RuleKind.
const AlertRules& default_rules();
std::optional<RuleKind> rule_named(std::string_view name);

}  // namespace finishline::alert
