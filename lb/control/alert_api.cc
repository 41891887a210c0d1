#include "lb/control/alert_api.h"

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "lb/control/alert_page.h"
#include "lb/control/live_page.h"
#include "lb/http/error_reply.h"

namespace finishline::control {
namespace {

using AlertBody = nlohmann::ordered_json;
using http::HttpReply;
using http::HttpRequest;
using http::Method;

constexpr std::size_t kLongestPattern = 200, kLongestComment = 200;
constexpr double kLongestSilence = 366.0 * 24 * 3600;

double wall_clock() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

HttpReply alert_reply(const AlertBody& body, int status = 200) {
  return {status, "application/json", to_text(body) + "\n", {{"Cache-Control", "no-store"}}};
}

/// A text of at most so many bytes; nothing for anything else.
std::optional<std::string> text_in(const AlertBody& body, const char* name, std::size_t most) {
  if (!body.is_object() || !body.contains(name) || !body[name].is_string()) return std::nullopt;
  std::string text = body[name].get<std::string>();
  return text.size() <= most ? std::optional(std::move(text)) : std::nullopt;
}

/// What the body says of a rule goes into it. The refusal of what makes no sense.
std::optional<HttpReply> take_changes(const AlertBody& body, alert::AlertRule& rule) {
  if (body.contains("enabled")) {
    if (!body["enabled"].is_boolean()) return http::error_reply(400, "enabled is true or false", "/enabled");
    rule.enabled = body["enabled"].get<bool>();
  }
  if (body.contains("threshold") && !body["threshold"].is_null()) {
    if (rule.unit.empty()) return http::error_reply(400, "this rule has no threshold", "/threshold");
    const double value = body["threshold"].is_number() ? body["threshold"].get<double>() : -1;
    if (!(value > 0 && value <= 1e6))
      return http::error_reply(400, "threshold is a number above 0, 1000000 at most", "/threshold");
    rule.threshold = value;
  }
  if (body.contains("for_s")) {
    const double value = body["for_s"].is_number() ? body["for_s"].get<double>() : -1;
    if (!(value >= 0 && value <= 86400))
      return http::error_reply(400, "for_s is a number of seconds from 0 to 86400", "/for_s");
    rule.hold = Nanos(static_cast<std::int64_t>(value * 1e9));
  }
  if (body.contains("severity")) {
    if (body["severity"] != "warning" && body["severity"] != "critical")
      return http::error_reply(400, "severity is \"warning\" or \"critical\"", "/severity");
    rule.severity = body["severity"] == "critical" ? alert::Severity::critical : alert::Severity::warning;
  }
  return std::nullopt;
}

/// What of the rule was changed, in the keys of a file.
AlertBody keys_of(const AlertBody& body, const alert::AlertRule& rule) {
  AlertBody keys = AlertBody::object();
  if (body.contains("enabled")) keys["enabled"] = rule.enabled;
  if (body.contains("threshold") && !body["threshold"].is_null()) keys["threshold"] = rule.threshold;
  if (body.contains("for_s")) keys["for"] = std::to_string(rule.hold / 1ms) + "ms";
  if (body.contains("severity")) keys["severity"] = name_of(rule.severity);
  return keys;
}

}  // namespace

void AlertApi::add_routes(http::HttpRouter& router) {
  router.get("/api/v1/alerts", [this](const HttpRequest& it) { return list(it); });
  router.on(Method::post, "/api/v1/alerts/{name}/acknowledge",
            [this](const HttpRequest& it) { return acknowledge(it); });
  router.on(Method::post, "/api/v1/silences", [this](const HttpRequest& it) { return add_silence(it); });
  router.on(Method::del, "/api/v1/silences/{name}",
            [this](const HttpRequest& it) { return end_silence(it); });
  router.put("/api/v1/alert-rules/{name}", [this](const HttpRequest& it) { return change_rule(it); });
}

std::string AlertApi::who(const HttpRequest& request) {
  const std::string name = access_.caller_of(request, loop_.now()).name;
  return name.empty() ? "somebody" : name;
}

HttpReply AlertApi::list(const HttpRequest& request) {
  const std::string_view state = request.parameter("state");
  if (!state.empty() && state != "all" && state != "open")
    return http::error_reply(400, "state is all or open", "/state");
  return alert_reply(alert_page(alerts_.engine(), loop_.now(), state == "all"));
}

HttpReply AlertApi::acknowledge(const HttpRequest& request) {
  if (!alerts_.engine().acknowledge(request.name, who(request), wall_clock()))
    return http::error_reply(404, "no alert '" + request.name + "' is open");
  mark_("alert " + request.name + " is acknowledged by " + who(request));
  static_cast<void>(alerts_.keep());
  for (const alert::Alert& it : alerts_.engine().open())
    if (it.id == request.name) return alert_reply(alert_json(it, loop_.now()));
  return alert_reply(AlertBody::object());
}

HttpReply AlertApi::add_silence(const HttpRequest& request) {
  const AlertBody body = AlertBody::parse(request.body, nullptr, false);
  const auto pattern = text_in(body, "matches", kLongestPattern);
  if (!pattern || pattern->empty())
    return http::error_reply(400, R"(expected {"matches": "server_down:*", "until": TIME, "comment": "why"})",
                             "/matches");
  const double now = wall_clock();
  const double until = body.contains("until") && body["until"].is_number() ? body["until"].get<double>() : 0;
  if (!(until > now && until <= now + kLongestSilence))
    return http::error_reply(400, "until is a time in Unix seconds, later than now and within a year",
                             "/until");
  if (body.contains("comment") && !text_in(body, "comment", kLongestComment))
    return http::error_reply(400, "comment is a text of 200 bytes at most", "/comment");
  const auto silence = alerts_.engine().silence(
      *pattern, until, text_in(body, "comment", kLongestComment).value_or(""), who(request));
  if (!silence) return http::error_reply(409, "there are too many silences: end one first");
  mark_("alerts that match " + *pattern + " are silenced by " + silence->by);
  AlertBody reply = silence_json(*silence);
  reply["survives_restart"] = alerts_.keep();
  return alert_reply(reply, 201);
}

HttpReply AlertApi::end_silence(const HttpRequest& request) {
  if (!alerts_.engine().end_silence(request.name))
    return http::error_reply(404, "there is no silence '" + request.name + "'");
  mark_("silence " + request.name + " is ended by " + who(request));
  static_cast<void>(alerts_.keep());
  return alert_reply(AlertBody::object());
}

HttpReply AlertApi::change_rule(const HttpRequest& request) {
  const auto kind = alert::rule_named(request.name);
  if (!kind) return http::error_reply(404, "there is no rule '" + request.name + "'");
  const AlertBody body = AlertBody::parse(request.body, nullptr, false);
  if (!body.is_object())
    return http::error_reply(400, R"(expected {"enabled": true, "threshold": 0.2, "for_s": 30})");
  alert::AlertRule rule = alerts_.engine().rules()[static_cast<std::size_t>(*kind)];
  if (auto refusal = take_changes(body, rule)) return *refusal;
  mark_("rule " + request.name + " is changed by " + who(request));
  if (keep_rule_)
    return keep_rule_(request.name, keys_of(body, rule), [this, kind] {
      return rule_json(alerts_.engine().rules()[static_cast<std::size_t>(*kind)]);
    });
  alerts_.engine().set_rule(*kind, rule);
  AlertBody reply = rule_json(rule);
  reply["survives_restart"] = false;
  return alert_reply(reply);
}

}  // namespace finishline::control
