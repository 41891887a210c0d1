#include "lb/control/plain_api.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <variant>

#include "lb/address/address.h"
#include "lb/control/access.h"
#include "lb/http/error_reply.h"
#include "lb/http/later_reply.h"

namespace finishline::control {
namespace {

using PlainJson = nlohmann::ordered_json;
using http::Method;

HttpReply plain_reply(const PlainJson& body, int status = 200) {
  return {status,
          "application/json",
          body.dump(-1, ' ', false, PlainJson::error_handler_t::replace) + "\n",
          {{"Cache-Control", "no-store"}}};
}

/// What a client on this machine connects to, to come in by this listener.
std::variant<net::Address, std::string> way_in(const ListenerFacts& listener) {
  auto endpoint = net::parse_endpoint(listener.bind);
  if (auto* const why = std::get_if<std::string>(&endpoint)) return *why;
  net::Address address = std::get<net::Endpoint>(endpoint).address;
  if (!address) return "listener " + listener.name + " is bound by a name, " + listener.bind;
  if (!address.is_any()) return address;
  auto here = net::parse_host(address.is_ipv4() ? "127.0.0.1" : "::1");
  return std::get<net::Address>(here).with_port(address.port());
}

struct Errand {
  const ListenerFacts* listener = nullptr;
  std::string type;
  char code = 0;
  std::uint32_t length = 1;
};

/// A whole number from 1 on.
std::optional<std::uint32_t> length_in(const PlainJson& body) {
  if (!body.contains("length")) return 1;
  const PlainJson& length = body["length"];
  if (!length.is_number_unsigned() || length.get<std::uint64_t>() < 1 ||
      length.get<std::uint64_t>() > UINT32_MAX)
    return std::nullopt;
  return length.get<std::uint32_t>();
}

const ListenerFacts* listener_in(const PlainJson& body, const Inventory& inventory) {
  const std::string name = body.value("listener", ""), pool = body.value("pool", "");
  const auto fits = [&](const ListenerFacts& it) {
    return it.mode == "frame" && (name.empty() || it.name == name) && (pool.empty() || it.pool == pool);
  };
  const auto found = std::ranges::find_if(inventory.listeners, fits);
  return found == inventory.listeners.end() ? nullptr : &*found;
}

std::variant<Errand, HttpReply> errand_in(const HttpRequest& request, const Inventory& inventory) {
  PlainJson body = PlainJson::parse(request.body.empty() ? "{}" : request.body, nullptr, false);
  for (const char* const key : {"listener", "pool", "type"})
    if (!body.is_object() || (body.contains(key) && !body[key].is_string()))
      return http::error_reply(
          400, R"(expected {"type": "video", "length": 5, "listener": "NAME"}, or a part of it)");
  Errand errand;
  errand.listener = listener_in(body, inventory);
  if (errand.listener == nullptr)
    return http::error_reply(404, "there is no such listener with mode = \"frame\"");
  const auto& types = inventory.cost.request_types();
  errand.type = body.value("type", types.front().name);
  const auto type = std::ranges::find(types, errand.type, &RequestTypeSpec::name);
  if (type == types.end())
    return http::error_reply(400, "there is no request type '" + errand.type + "'", "/type");
  errand.code = type->code;
  const auto length = length_in(body);
  if (!length) return http::error_reply(400, "length is a whole number from 1 on", "/length");
  errand.length = *length;
  return errand;
}

}  // namespace

void PlainApi::add_routes(http::HttpRouter& router) {
  router.get("/servers", [this](const HttpRequest&) { return servers(); });
  router.get("/algorithm", [this](const HttpRequest&) { return algorithms(); });
  router.put("/algorithm", [this](const HttpRequest& it) { return set_algorithm(it); });
  router.on(Method::post, "/request", [this](const HttpRequest& it) { return send_request(it); });
}

HttpReply PlainApi::servers() const {
  const PlainJson all = PlainJson::parse(observer_.live(), nullptr, false);
  return plain_reply(all.is_object() ? all.value("servers", PlainJson::array()) : PlainJson::array());
}

HttpReply PlainApi::algorithms() const {
  PlainJson pools = PlainJson::array();
  const PlainJson all = PlainJson::parse(observer_.live(), nullptr, false);
  for (const PlainJson& pool : all.is_object() ? all.value("pools", PlainJson::array()) : PlainJson::array())
    pools.push_back({{"pool", pool["name"]},
                     {"algorithm", pool["policy"]},
                     {"chosen", pool["chosen"]},
                     {"file", pool["file"]},
                     {"algorithms", pool["policies"]}});
  return plain_reply({{"pools", std::move(pools)}});
}

/// Of the pool that is named, or the only one.
HttpReply PlainApi::set_algorithm(const HttpRequest& request) {
  const PlainJson body = PlainJson::parse(request.body, nullptr, false);
  if (!body.is_object() || !body.contains("algorithm") || !body["algorithm"].is_string())
    return http::error_reply(400, R"(expected {"algorithm": "regret", "pool": "NAME"})", "/algorithm");
  HttpRequest order = request;
  order.body = PlainJson{{"policy", body["algorithm"]}}.dump();
  const auto& pools = observer_.inventory().pools;
  if (body.contains("pool") && body["pool"].is_string()) {
    order.name = body["pool"].get<std::string>();
  } else if (pools.size() == 1) {
    order.name = pools.front().name;
  } else {
    std::string names;
    for (const PoolFacts& pool : pools) names += (names.empty() ? "" : ", ") + pool.name;
    return http::error_reply(400, "there are several pools; say which: " + names, "/pool");
  }
  HttpReply reply = orders_.set_policy(order);
  if (reply.status == 400) return http::error_reply(400, reply.words, "/algorithm");
  if (reply.status != 200) return http::error_reply(reply.status, reply.words, "/pool");
  const PlainJson told = PlainJson::parse(reply.body, nullptr, false);
  return plain_reply({{"pool", order.name},
                      {"algorithm", told["policy"]},
                      {"chosen", told["chosen"]},
                      {"file", told["file"]}});
}

/// As replies number servers: by their rows.
std::string PlainApi::server_named(std::uint32_t number) const {
  for (const ServerSnapshot& server : observer_.snapshot().servers)
    if (server.id == number) return server.name;
  return "";
}

HttpReply PlainApi::send_request(const HttpRequest& request) {
  const auto read = errand_in(request, observer_.inventory());
  if (const auto* refusal = std::get_if<HttpReply>(&read)) return *refusal;
  const Errand& errand = std::get<Errand>(read);
  const auto way = way_in(*errand.listener);
  if (const auto* why = std::get_if<std::string>(&way)) return http::error_reply(409, *why);
  const auto later = std::make_shared<http::LaterReply>();
  PlainJson told = {{"listener", errand.listener->name},
                    {"pool", errand.listener->pool},
                    {"type", errand.type},
                    {"length", errand.length}};
  const auto tell = [this, later, told](const RequestSender::Sent& sent) mutable {
    if (!sent.failure.empty())
      return later->give(http::error_reply(502, "the listener did not answer: " + sent.failure));
    const auto status = static_cast<proto::Status>(sent.reply.detail);
    told["status"] = name_of(status);
    told["server"] = status == proto::Status::ok ? PlainJson(server_named(sent.reply.origin)) : PlainJson();
    told["took_s"] = std::chrono::duration<double>(sent.took).count();
    told["service_s"] = static_cast<double>(sent.reply.service_us) / 1e6;
    later->give(plain_reply(told));
  };
  const proto::FrameHeader frame{
      .kind = proto::Kind::request, .type = errand.code, .id = 1, .length = errand.length};
  if (!sender_.send(std::get<net::Address>(way), frame, tell))
    return http::error_reply(503, "too many of these requests are under way");
  HttpReply reply;
  reply.later = later;
  return reply;
}

}  // namespace finishline::control
