#include "lb/control/admin_api.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lb/http/error_reply.h"
#include "lb/ledger/nodes.h"
#include "lb/sched/policies.h"
#include "proto/nearest.h"

namespace finishline::control {
namespace {

using ledger::AdminState;
using Json = nlohmann::ordered_json;

HttpReply json(const Json& body) {
  return {200, "application/json", body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

std::optional<AdminState> wanted(const std::string& body) {
  const Json order = Json::parse(body, nullptr, false);
  if (!order.is_object() || !order.contains("state")) return std::nullopt;
  if (order["state"] == "draining") return AdminState::drain;  // as a server's state is told
  if (order["state"] == "up") return AdminState::ready;
  for (const AdminState state : {AdminState::ready, AdminState::drain})
    if (order["state"] == name_of(state)) return state;
  return std::nullopt;
}

HttpReply refuse_order(const std::string& body, const char* wanted, const char* pointer) {
  const bool json = !Json::parse(body, nullptr, false).is_discarded();
  return http::error_reply(400, std::string(json ? "expected " : "the body is not JSON; expected ") + wanted,
                           json ? pointer : "");
}

std::string no_such_server(const ledger::Ledger& ledger, std::string_view name) {
  std::vector<std::string> names;
  for (ledger::ServerId id = 0; id < ledger.server_count(); ++id)
    if (ledger.state(id) != ledger::ServerState::absent) names.emplace_back(ledger.server_name(id));
  const std::vector<std::string_view> views(names.begin(), names.end());
  return no_such("server", name, views);
}

std::optional<ledger::ServerId> server_named(const ledger::Ledger& ledger, std::string_view name) {
  for (ledger::ServerId id = 0; id < ledger.server_count(); ++id)
    if (ledger.server_name(id) == name) return id;
  return std::nullopt;
}

Json policy_json(const std::string& pool, const ledger::PoolPolicy& policy) {
  return {{"pool", pool},
          {"policy", sched::name_of_choice(policy.running)},
          {"chosen", sched::name_of_choice(policy.chosen)},
          {"file", sched::name_of_choice(policy.configured)}};
}

}  // namespace

AdminApi::AdminApi(ledger::Ledger& ledger, HealthChecker& health, PolicyService& policies)
    : ledger_(ledger), health_(health), policies_(policies) {}

HttpReply AdminApi::set_state(const HttpRequest& request) {
  const auto state = wanted(request.body);
  if (!state) return refuse_order(request.body, R"({"state": "drain"} or {"state": "ready"})", "/state");
  const auto server = server_named(ledger_, request.name);
  const auto was = server ? health_.state_word(*server) : std::string_view();
  if (!server || !health_.set_admin(*server, *state))
    return http::error_reply(404, no_such_server(ledger_, request.name));
  const bool streams = ledger_.kind(*server) == ledger::ServerKind::streams;
  Json reply = {{"server", request.name},
                {"state", health_.state_word(*server)},
                {"carries", streams ? "streams" : "requests"},
                {"in_flight", ledger_.books(*server).in_flight},
                {"survives_restart", survives()}};
  if (const std::string why = why_not_kept(); !why.empty()) reply["forgotten_because"] = why;
  reply["was"] = {{"state", was}};
  return json(reply);
}

HttpReply AdminApi::set_policy(const HttpRequest& request) {
  if (!policies_.find(request.name)) return http::error_reply(404, policies_.no_such_pool(request.name));
  const Json order = Json::parse(request.body, nullptr, false);
  if (!order.is_object() || !order.contains("policy") || !order["policy"].is_string())
    return refuse_order(request.body, R"({"policy": "NAME"})", "/policy");
  const ledger::PoolId pool = *policies_.find(request.name);
  const auto was = sched::name_of_choice(ledger::pool_policy(ledger_, pool).chosen);
  const std::string why_not = policies_.choose(request.name, order["policy"].get<std::string>());
  if (!why_not.empty()) return http::error_reply(400, why_not, "/policy");
  Json reply = policy_json(request.name, ledger::pool_policy(ledger_, pool));
  reply["was"] = {{"policy", was}};
  return json(reply);
}

HttpReply AdminApi::get_policy(const HttpRequest& request) const {
  const auto pool = policies_.find(request.name);
  if (!pool) return http::error_reply(404, policies_.no_such_pool(request.name));
  return json(policy_json(request.name, ledger::pool_policy(ledger_, *pool)));
}

Json AdminApi::in_force() const { return kept_ == nullptr ? Json::object() : kept_->in_force(); }

bool AdminApi::survives() {
  const bool kept = kept_ != nullptr && kept_->keep();
  return kept || ledger::engine_status(ledger_).state == ledger::EngineState::connected;
}

std::string AdminApi::why_not_kept() const {
  const ledger::EngineState redis = ledger::engine_status(ledger_).state;
  const std::string why = kept_ == nullptr ? "nothing is kept" : kept_->why_not();
  if (why.empty() || redis == ledger::EngineState::connected) return "";
  return redis == ledger::EngineState::off ? why : why + ", and redis is not reached";
}

void AdminApi::take_back() {
  const Json orders = in_force();
  for (const Json& name : orders.value("drained", Json::array()))
    if (const auto server = server_named(ledger_, name.get<std::string>()))
      health_.set_admin(*server, AdminState::ready);
  const Json policies = orders.value("policies", Json::object());
  for (const auto& [pool, it] : policies.items()) policies_.choose(pool, it.value("file", ""));
}

void AdminApi::obey_others() {
  for (ledger::ServerId id = 0; id < ledger_.server_count(); ++id)
    if (const auto state = take_told_admin(ledger_, id)) health_.set_admin(id, *state);
  for (ledger::PoolId id = 0; id < pool_count(ledger_); ++id)
    if (const auto policy = take_told_policy(ledger_, id))
      policies_.choose(pool_name(ledger_, id), sched::name_of_choice(*policy));
}

}  // namespace finishline::control
