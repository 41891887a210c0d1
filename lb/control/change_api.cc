#include "lb/control/change_api.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "lb/config/document_text.h"
#include "lb/config/environment.h"
#include "lb/config/overruled.h"
#include "lb/config/scaled_servers.h"
#include "lb/control/access.h"
#include "lb/control/json_node.h"
#include "lb/http/error_reply.h"

namespace finishline::control {
namespace {

using PartJson = nlohmann::ordered_json;
using config::Overlay;
using config::Section;
using config::Table;
using http::Method;

/// What a running server can be changed in. For the rest it is removed and added again.
constexpr std::array<std::string_view, 7> kServerKeys = {"weight", "speed",    "slots",          "backup",
                                                         "links",  "capacity", "max_connections"};

std::string name_of_section(Section section) { return std::string(config::row_of(section).name); }

/// The tables of the section that have a name; nullptr when there is none of this one.
const Table* part_named(const Table& document, Section section, const std::string& name) {
  const std::string header = name_of_section(section);
  const config::Node* const parts = config::find_node(document, header);
  if (parts == nullptr) return nullptr;
  if (const auto* const array = std::get_if<config::Array>(&parts->value)) {
    const auto index = config::index_of_named(document, header, name);
    return index ? &std::get<Table>((*array)[*index].value) : nullptr;
  }
  const auto* const named = std::get_if<Table>(&parts->value);
  const config::Node* const part = named == nullptr ? nullptr : config::find_node(*named, name);
  return part == nullptr ? nullptr : std::get_if<Table>(&part->value);
}

/// "server[3]", "pool.media": what mistakes of the part begin with.
std::string path_of(const Table& document, Section section, const std::string& name) {
  const std::string header = name_of_section(section);
  const auto index = config::index_of_named(document, header, name);
  return index ? header + '[' + std::to_string(*index + 1) + ']' : header + '.' + name;
}

HttpReply not_there(Section section, const std::string& name) {
  return http::error_reply(404, "there is no " + name_of_section(section) + " '" + name + "'");
}

/// Of a server that the file and the changes do not have.
HttpReply no_server(const Table& document, const std::string& name) {
  const std::string section = config::section_of_place(document, name);
  if (section.empty()) return not_there(Section::server, name);
  return http::error_reply(409, "server '" + name + "' is started and ended as [" + section +
                                    "] says; change that with PATCH of its pool, or its state with PUT " +
                                    "/api/v1/servers/" + name + "/state");
}

/// Who removes a server that is not there has what was wanted, also where somebody was faster.
std::optional<HttpReply> gone_already(const Table& document, const std::string& name) {
  if (!config::section_of_place(document, name).empty()) return no_server(document, name);
  return std::nullopt;
}

/// The object in a request's body; a reply that refuses it.
std::variant<PartJson, HttpReply> object_in(const HttpRequest& request, const char* example) {
  PartJson body = PartJson::parse(request.body, nullptr, false);
  if (body.is_object() && !body.empty()) return body;
  if (body.is_discarded())
    return http::error_reply(400, std::string("the body is not JSON; expected ") + example);
  return http::error_reply(400, std::string("expected ") + example);
}

std::optional<HttpReply> refuse_fixed_keys(const PartJson& body) {
  for (const auto& [key, value] : body.items()) {
    if (std::ranges::find(kServerKeys, key) != kServerKeys.end()) continue;
    if (config::find_key(Section::server, key) == nullptr && key != "name") continue;  // told as in a file
    return http::error_reply(
        400, key + " of a server that is there cannot be changed; remove the server and add it", '/' + key);
  }
  return std::nullopt;
}

/// Of the keys that a body has: what was in force.
PartJson before_of(const PartJson& body, const PartJson& all) {
  PartJson was = PartJson::object();
  for (const auto& [key, value] : body.items()) was[key] = all.value(key, PartJson());
  return was;
}

/// The keys of `body` in the overlay; null: as the file says. What is so already stays out of it.
void put_keys(const PartJson& body, const std::string& section, const std::string& name, const PartJson& now,
              Overlay& overlay) {
  for (const auto& [key, value] : body.items())
    if (value.is_null() || now.value(key, PartJson()) != value)
      overlay.set(section, name, key, node_of(value));
}

}  // namespace

void ChangeApi::add_routes(http::HttpRouter& router) {
  const auto on = [&](Method method, const char* path, auto handler) {
    router.on(method, std::string("/api/v1") + path,
              [this, handler](const HttpRequest& it) { return (this->*handler)(it); });
  };
  on(Method::patch, "/servers/{name}", &ChangeApi::patch_server);
  on(Method::post, "/servers", &ChangeApi::add_server);
  on(Method::del, "/servers/{name}", &ChangeApi::remove_server);
  on(Method::put, "/pools/{name}/costs", &ChangeApi::put_costs);
  on(Method::del, "/changes", &ChangeApi::forget);
  for (const auto& [section, path] :
       {std::pair{Section::pool, "/api/v1/pools/{name}"}, {Section::listener, "/api/v1/listeners/{name}"}})
    router.on(Method::patch, path,
              [this, section](const HttpRequest& it) { return patch_part(section, it); });
  router.get("/api/v1/changes", [this](const HttpRequest&) { return told(); });
  router.get("/api/v1/config", [this](const HttpRequest&) { return export_all(); });
}

/// The state is the ledger's, and is set when the rest is in force.
HttpReply ChangeApi::patch_server(const HttpRequest& request) {
  auto read = object_in(request, R"({"weight": 2.0, "state": "drain"})");
  if (auto* refusal = std::get_if<HttpReply>(&read)) return std::move(*refusal);
  PartJson body = std::get<PartJson>(std::move(read));
  HttpRequest state = request;
  if (body.contains("state")) {
    if (body["state"] != "drain" && body["state"] != "ready")
      return http::error_reply(400, R"(expected "drain" or "ready")", "/state");
    state.body = PartJson{{"state", body["state"]}}.dump();
    body.erase("state");
  } else {
    state.body.clear();
  }
  if (auto refusal = refuse_fixed_keys(body)) return *refusal;
  const std::string name = request.name;
  const auto was = std::make_shared<PartJson>();
  return changes_.ask(
      {.edit = [=](const Table& document, Overlay& overlay) -> std::optional<HttpReply> {
         const Table* const part = part_named(document, Section::server, name);
         if (part == nullptr) return no_server(document, name);
         const PartJson now = in_force(Section::server, *part);
         *was = before_of(body, now);
         put_keys(body, "server", name, now, overlay);
         return std::nullopt;
       },
       .part = [=](const Table& document) { return path_of(document, Section::server, name); },
       .answer =
           [=, this](const Table& document) {
             const Table* const part = part_named(document, Section::server, name);
             PartJson reply = part == nullptr ? PartJson::object() : in_force(Section::server, *part);
             if (!state.body.empty()) {
               reply["state"] =
                   PartJson::parse(orders_.set_state(state).body, nullptr, false).value("state", "");
               reply["survives_restart"] = changes_.survives() && orders_.survives();
             }
             reply["was"] = *was;
             mark_("server " + name + ": " + request.body);
             return reply;
           }});
}

HttpReply ChangeApi::add_server(const HttpRequest& request) {
  auto read =
      object_in(request, R"({"name": "video-9", "pool": "media", "type": "video", "address": "HOST:PORT"})");
  if (auto* refusal = std::get_if<HttpReply>(&read)) return std::move(*refusal);
  PartJson body = std::get<PartJson>(std::move(read));
  if (!body.contains("name") || !body["name"].is_string())
    return http::error_reply(400, "missing; add a name for the server", "/name");
  const std::string name = body["name"].get<std::string>();
  if (const auto pool = body.find("pool"); pool != body.end() && pool->is_string()) {
    // An added server whose pool is gone is left out of what is in force, so this has to be said here.
    const config::Table document = changes_.document();
    if (part_named(document, Section::pool, pool->get<std::string>()) == nullptr)
      return http::error_reply(400, "there is no pool '" + pool->get<std::string>() + "'", "/pool");
  }
  const auto node = node_of(body);
  if (!node) return http::error_reply(400, "a key of a new server cannot be null; leave it out");
  Table keys = std::get<Table>(node->value);
  std::erase_if(keys, [](const config::Entry& it) { return it.key == "name"; });
  return changes_.ask(
      {.edit = [=](const Table& document, Overlay& overlay) -> std::optional<HttpReply> {
         if (const Table* const part = part_named(document, Section::server, name)) {
           const PartJson now = in_force(Section::server, *part);
           for (const auto& [key, value] : body.items())
             if (now.value(key, PartJson()) != value)
               return http::error_reply(409, "there is a server '" + name + "' with another " + key,
                                        '/' + key);
           return std::nullopt;
         }
         overlay.add_server(name, keys);
         return std::nullopt;
       },
       .part = [=](const Table& document) { return path_of(document, Section::server, name); },
       .answer =
           [=, this](const Table& document) {
             const Table* const part = part_named(document, Section::server, name);
             mark_("server " + name + " is added");
             return part == nullptr ? PartJson::object() : in_force(Section::server, *part);
           },
       .status = 201});
}

HttpReply ChangeApi::remove_server(const HttpRequest& request) {
  const std::string name = request.name;
  const auto was = std::make_shared<PartJson>();
  return changes_.ask(
      {.edit = [=, this](const Table& document, Overlay& overlay) -> std::optional<HttpReply> {
         const Table* const part = part_named(document, Section::server, name);
         if (part == nullptr) return gone_already(document, name);
         *was = json_of(*part);
         auto file = config::parse_document(changes_.source().text);
         config::expand(std::get<Table>(file), config::process_environment());
         overlay.remove_server(name, part_named(std::get<Table>(file), Section::server, name) != nullptr);
         return std::nullopt;
       },
       .part = {},
       .answer =
           [=, this](const Table&) {
             if (!was->is_null()) mark_("server " + name + " is removed");
             return PartJson{{"server", name}, {"state", "absent"}, {"was", *was}};
           }});
}

HttpReply ChangeApi::patch_part(Section section, const HttpRequest& request) {
  auto read = object_in(request, R"({"max_backlog": "2s"}, keys as in the file)");
  if (auto* refusal = std::get_if<HttpReply>(&read)) return std::move(*refusal);
  const PartJson body = std::get<PartJson>(std::move(read));
  const std::string name = request.name;
  if (body.contains("name")) return http::error_reply(400, "the name cannot be changed", "/name");
  for (const auto& [key, value] : body.items())
    if (!value.is_null() && !node_of(value))
      return http::error_reply(400, "null stands for a whole key only, not within one", '/' + key);
  const auto was = std::make_shared<PartJson>();
  return changes_.ask({.edit = [=](const Table& document, Overlay& overlay) -> std::optional<HttpReply> {
                         const Table* const part = part_named(document, section, name);
                         if (part == nullptr) return not_there(section, name);
                         const PartJson now = in_force(section, *part);
                         *was = before_of(body, now);
                         put_keys(body, name_of_section(section), name, now, overlay);
                         return std::nullopt;
                       },
                       .part = [=](const Table& document) { return path_of(document, section, name); },
                       .answer =
                           [=, this](const Table& document) {
                             const Table* const part = part_named(document, section, name);
                             PartJson reply{{"name", name}};
                             if (part != nullptr) reply.update(in_force(section, *part));
                             reply["was"] = *was;
                             mark_(name_of_section(section) + ' ' + name + ": " + request.body);
                             return reply;
                           }});
}

namespace {

/// Those of its servers, and those that are scaled.
std::vector<std::string> server_types_of(const Table& document, const std::string& pool) {
  std::vector<std::string> types;
  const config::Node* const servers = config::find_node(document, "server");
  const auto* const all = servers == nullptr ? nullptr : std::get_if<config::Array>(&servers->value);
  for (std::size_t i = 0; all != nullptr && i < all->size(); ++i) {
    const PartJson server = json_of((*all)[i]);
    if (!server.is_object() || server.value("pool", "") != pool || !server.contains("type")) continue;
    types.push_back(server["type"].is_string() ? server["type"].get<std::string>() : "");
  }
  std::ranges::copy(config::scaled_types(document, pool), std::back_inserter(types));
  return types;
}

/// The rows of the server types that the pool has, with a factor or null for each type of request.
PartJson costs_of(Table document, const std::string& pool) {
  config::spell_out_costs(document);
  PartJson costs = PartJson::object();
  for (const std::string& type : server_types_of(document, pool)) {
    const Table* const row = part_named(document, Section::cost, type);
    costs[type] = row == nullptr ? PartJson::object() : json_of(*row);
  }
  return costs;
}

}  // namespace

HttpReply ChangeApi::put_costs(const HttpRequest& request) {
  auto read = object_in(request, R"({"video": {"music": 2.5}}; null: cannot do it)");
  if (auto* refusal = std::get_if<HttpReply>(&read)) return std::move(*refusal);
  const PartJson body = std::get<PartJson>(std::move(read));
  for (const auto& [type, row] : body.items()) {
    if (!row.is_object()) return http::error_reply(400, "expected factors by type of request", '/' + type);
    for (const auto& [request_type, factor] : row.items())
      if (!factor.is_number() && !factor.is_null())
        return http::error_reply(400, "expected a factor above 0, or null", '/' + type + '/' + request_type);
  }
  const std::string name = request.name;
  const auto was = std::make_shared<PartJson>();
  return changes_.ask(
      {.edit = [=](const Table& document, Overlay& overlay) -> std::optional<HttpReply> {
         if (part_named(document, Section::pool, name) == nullptr) return not_there(Section::pool, name);
         *was = costs_of(document, name);
         for (const auto& [type, row] : body.items()) {
           if (!was->contains(type))
             return http::error_reply(400, "pool '" + name + "' has no server of type '" + type + "'",
                                      '/' + type);
           for (const auto& [request_type, factor] : row.items()) {
             const PartJson now = (*was)[type].value(request_type, PartJson());
             if (now != factor)
               overlay.set("cost", type, request_type,
                           factor.is_null() ? config::Node{false, {}} : *node_of(factor));
           }
         }
         return std::nullopt;
       },
       .part = [](const Table&) { return std::string("cost"); },
       .answer =
           [=, this](const Table& document) {
             mark_("costs of pool " + name + ": " + request.body);
             return PartJson{{"pool", name}, {"costs", costs_of(document, name)}, {"was", *was}};
           }});
}

HttpReply ChangeApi::keep_rule(const std::string& name, const PartJson& keys,
                               std::function<PartJson()> answer) {
  return changes_.ask({.edit = [=](const Table&, Overlay& overlay) -> std::optional<HttpReply> {
                         for (const auto& [key, value] : keys.items())
                           overlay.set("alert", name, key, node_of(value));
                         return std::nullopt;
                       },
                       .part = [=](const Table&) { return "alert." + name; },
                       .answer = [answer = std::move(answer)](const Table&) { return answer(); }});
}

HttpReply ChangeApi::forget(const HttpRequest&) {
  const auto was = std::make_shared<PartJson>();
  const auto orders = std::make_shared<PartJson>(orders_.in_force());
  return changes_.ask({.edit = [=](const Table&, Overlay& overlay) -> std::optional<HttpReply> {
                         *was = json_of(overlay.table());
                         overlay = Overlay();
                         return std::nullopt;
                       },
                       .part = {},
                       .answer =
                           [=, this](const Table&) {
                             orders_.take_back();
                             taken_back_();
                             mark_("the configuration is as the file says");
                             return PartJson{{"changes", PartJson::object()},
                                             {"orders", orders_.in_force()},
                                             {"was", *was},
                                             {"orders_were", *orders},
                                             {"survives_restart", changes_.survives() && orders_.survives()}};
                           }});
}

namespace {

/// What of the file does not hold because of the changes.
PartJson overruled_json(const Table& file, const Overlay& overlay) {
  PartJson all = PartJson::array();
  for (const config::Overruled& it : config::overruled_in(file, overlay)) {
    PartJson one{{"part", it.part}};
    if (!it.key.empty()) one.update({{"key", it.key}, {"file", json_of(it.file)}, {"is", json_of(it.is)}});
    all.push_back(std::move(one));
  }
  return all;
}

/// What proxies share comes back without a file of our own.
constexpr const char* kFromOthers = "; servers, costs and orders that redis has come back";

}  // namespace

HttpReply ChangeApi::told() {
  const Overlay overlay = changes_.overlay();
  PartJson body = {{"changes", json_of(overlay.table())},
                   {"toml", overlay.text()},
                   {"orders", orders_.in_force()},
                   {"overruled", overruled_json(changes_.document_of_file(), overlay)},
                   {"survives_restart", changes_.survives()}};
  if (const std::string& why = changes_.why_not_kept(); !why.empty())
    body["forgotten_because"] = why + (orders_.survives() ? kFromOthers : "");
  return {200, "application/json", body.dump(-1, ' ', false, PartJson::error_handler_t::replace) + "\n"};
}

HttpReply ChangeApi::export_all() const {
  return {200,
          "application/toml",
          config::to_toml(changes_.document_as_written()),
          {{"Cache-Control", "no-store"}}};
}

}  // namespace finishline::control
