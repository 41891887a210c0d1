#include "lb/control/alert_page.h"

#include <nlohmann/json.hpp>

#include "lb/control/live_page.h"

namespace finishline::control {
namespace {

using AlertJson = nlohmann::ordered_json;
using alert::Alert;

template <class All, class... More>
AlertJson alert_list(const All& all, const More&... more) {
  AlertJson list = AlertJson::array();
  for (const Alert& alert : all) list.push_back(alert_json(alert, more...));
  return list;
}

}  // namespace

AlertJson alert_json(const Alert& alert, Instant now) {
  AlertJson json = {{"id", alert.id},
                    {"rule", alert::default_rules()[static_cast<std::size_t>(alert.kind)].name},
                    {"subject", alert.subject},
                    {"severity", name_of(alert.severity)},
                    {"state", name_of(alert.state)},
                    {"since", alert.since.unix},
                    {"resolved_at", nullptr},
                    {"reason", reason_of(alert, now)},
                    {"acknowledged", nullptr},
                    {"silenced_until", nullptr}};
  if (alert.resolved_at) json["resolved_at"] = alert.resolved_at->unix;
  if (alert.acknowledged)
    json["acknowledged"] = {{"by", alert.acknowledged->by}, {"at", alert.acknowledged->at}};
  if (alert.silenced_until) json["silenced_until"] = *alert.silenced_until;
  return json;
}

AlertJson alerts_json(const alert::AlertEngine& engine, Instant now, bool resolved_too) {
  AlertJson all = alert_list(engine.open(), now);
  if (resolved_too)
    for (AlertJson& it : alert_list(engine.resolved(), now)) all.push_back(std::move(it));
  return all;
}

AlertJson rule_json(const alert::AlertRule& rule) {
  return {{"name", rule.name},
          {"enabled", rule.enabled},
          {"for_s", std::chrono::duration<double>(rule.hold).count()},
          {"threshold", rule.unit.empty() ? AlertJson() : AlertJson(rule.threshold)},
          {"unit", rule.unit},
          {"severity", name_of(rule.severity)},
          {"text", rule.text}};
}

AlertJson silence_json(const alert::Silence& silence) {
  return {{"id", silence.id},
          {"matches", silence.matches},
          {"until", silence.until},
          {"comment", silence.comment},
          {"by", silence.by}};
}

AlertJson alert_page(const alert::AlertEngine& engine, Instant now, bool resolved_too) {
  AlertJson rules = AlertJson::array(), silences = AlertJson::array();
  for (const alert::AlertRule& rule : engine.rules()) rules.push_back(rule_json(rule));
  for (const alert::Silence& it : engine.silences()) silences.push_back(silence_json(it));
  return {{"alerts", alerts_json(engine, now, resolved_too)},
          {"rules", std::move(rules)},
          {"silences", std::move(silences)}};
}

std::string webhook_body(const alert::AlertMessage& message) {
  AlertJson alerts = alert_list(message.fired, message.time.at);
  for (AlertJson& it : alert_list(message.ended, message.time.at)) alerts.push_back(std::move(it));
  return to_text({{"version", 1},
                  {"time", message.time.unix},
                  {"state", message.fired.empty() ? "resolved" : "firing"},
                  {"headline", headline_of(message)},
                  {"text", text_of(message)},
                  {"alerts", std::move(alerts)}});
}

}  // namespace finishline::control
