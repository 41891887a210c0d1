// An alert, what it is read from, and who is to be left in peace: plain values, and the words for them. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lb/alert/rule.h"

namespace finishline::alert {

/// One moment by both clocks: decisions go by the one that never jumps, people by the other.
struct AlertTime {
  Instant at{};
  double unix = 0;  // seconds
};

/// What a rule is about, as it is now. What is not read is as good as calm.
struct AlertReading {
  RuleKind kind = RuleKind::server_down;
  std::string subject;  // "video-1"; has no slash
  double value = 0;     // compared with the threshold; of what is or is not, 1 or 0
  std::string words;    // "video-1 is down: connection refused"
};

enum class AlertState : std::uint8_t { pending, firing, resolved };
std::string_view name_of(AlertState state);

struct Alert {
  std::string id;  // "server_down:video-1"
  RuleKind kind = RuleKind::server_down;
  std::string subject;
  Severity severity = Severity::warning;
  AlertState state = AlertState::pending;
  AlertTime since{};
  std::optional<AlertTime> resolved_at{};
  std::string words;  // of the latest reading at or above the threshold
  struct Acknowledgement {
    std::string by;
    double at = 0;  // Unix seconds
  };
  std::optional<Acknowledgement> acknowledged{};
  std::optional<double> silenced_until{};  // Unix seconds
};

/// "video-1 is down: connection refused, since 12 s"; of one that is resolved, "... for 12 s".
std::string reason_of(const Alert& alert, Instant now);

/// Alerts that nobody is told of for a while.
struct Silence {
  std::string id;
  std::string matches;  // an alert's id, in which * is any text: "server_down:*"
  double until = 0;     // Unix seconds
  std::string comment, by;
};

/// Whether `pattern`, in which * is any text, is all of `text`.
bool matches(std::string_view pattern, std::string_view text);

}  // namespace finishline::alert
