#include "lb/alert/message.h"

#include <algorithm>
#include <map>
#include <utility>

#include "proto/joined.h"

namespace finishline::alert {
namespace {

constexpr std::size_t kNamed = 8;     // subjects in a headline
constexpr std::size_t kLines = 1000;  // alerts in a text

std::string_view rule_name(const Alert& alert) {
  return default_rules()[static_cast<std::size_t>(alert.kind)].name;
}

/// "server_down: video-1, video-2; latency_high: video"
std::string subjects_by_rule(const std::vector<Alert>& alerts) {
  std::map<RuleKind, std::vector<std::string_view>> by_rule;
  for (const Alert& alert : alerts) by_rule[alert.kind].push_back(alert.subject);
  std::string all;
  for (auto& [kind, subjects] : by_rule) {
    const std::size_t more = subjects.size() > kNamed ? subjects.size() - kNamed : 0;
    subjects.resize(subjects.size() - more);
    all += (all.empty() ? "" : "; ") + std::string(default_rules()[static_cast<std::size_t>(kind)].name) +
           ": " + joined(subjects) + (more > 0 ? " and " + std::to_string(more) + " more" : "");
  }
  return all;
}

std::string headline_of(const std::vector<Alert>& alerts, const AlertTime& now) {
  if (alerts.size() == 1) return reason_of(alerts.front(), now.at);
  return std::to_string(alerts.size()) + " alerts: " + subjects_by_rule(alerts);
}

void add_lines(std::string& text, std::string_view title, const std::vector<Alert>& alerts,
               const AlertTime& now) {
  if (alerts.empty()) return;
  text.append(title).append("\n");
  for (std::size_t i = 0; i < std::min(alerts.size(), kLines); ++i)
    text.append("  ")
        .append(name_of(alerts[i].severity))
        .append(" ")
        .append(rule_name(alerts[i]))
        .append(": ")
        .append(reason_of(alerts[i], now.at))
        .append("\n");
  if (alerts.size() > kLines) text += "  and " + std::to_string(alerts.size() - kLines) + " more\n";
}

}  // namespace

std::string headline_of(const AlertMessage& message) {
  if (message.fired.empty()) return "[resolved] " + headline_of(message.ended, message.time);
  const bool critical =
      std::ranges::any_of(message.fired, [](const Alert& it) { return it.severity == Severity::critical; });
  return std::string(critical ? "[critical] " : "[warning] ") + headline_of(message.fired, message.time);
}

std::string text_of(const AlertMessage& message) {
  std::string text;
  add_lines(text, "Alerts:", message.fired, message.time);
  add_lines(text, "Resolved:", message.ended, message.time);
  return text;
}

void AlertGroup::add(const std::vector<Alert>& fired, const std::vector<Alert>& ended, Instant now) {
  if (fired.empty() && ended.empty()) return;
  if (open_.fired.empty() && open_.ended.empty()) begun_at_ = now;
  added_at_ = now;
  open_.fired.insert(open_.fired.end(), fired.begin(), fired.end());
  for (const Alert& alert : ended)
    if (std::erase_if(open_.fired, [&](const Alert& it) { return it.id == alert.id; }) == 0)
      open_.ended.push_back(alert);
}

std::optional<AlertMessage> AlertGroup::take(AlertTime now) {
  if (open_.fired.empty() && open_.ended.empty()) return std::nullopt;
  if (now.at - added_at_ < wait_ && now.at - begun_at_ < 10 * wait_) return std::nullopt;
  open_.time = now;
  return std::exchange(open_, {});
}

}  // namespace finishline::alert
