#include "lb/control/api.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "lb/control/live_page.h"
#include "lb/control/series_list.h"
#include "lb/http/error_reply.h"
#include "lb/http/page_files.h"

namespace finishline::control {
namespace {

using ApiJson = nlohmann::ordered_json;
using http::Method;

constexpr std::int64_t kMostPoints = 2000;
constexpr std::int64_t kMostColumns = 180;  // of a heat map

HttpReply json_reply(const ApiJson& body, int status = 200) {
  return {status, "application/json", to_text(body) + "\n", {{"Cache-Control", "no-store"}}};
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  std::istringstream in{std::string(list)};
  for (std::string part; std::getline(in, part, ',');)
    if (!part.empty()) parts.push_back(part);
  return parts;
}

/// A whole or fractional number of seconds, rounded down; nothing when it is none.
std::optional<std::int64_t> seconds_in(std::string_view text) {
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || !(std::abs(value) < 1e15))
    return std::nullopt;
  return static_cast<std::int64_t>(std::floor(value));
}

struct Range {
  std::int64_t from = 0, to = 0, step = 0;
};

/// What a question for a series asks; a reply that refuses it.
std::variant<Range, HttpReply> range_in(const HttpRequest& request, std::int64_t now) {
  Range range{now - 900, now + 1, 0};
  for (const auto& [name, target] :
       {std::pair{"from", &range.from}, {"to", &range.to}, {"step", &range.step}}) {
    const std::string_view text = request.parameter(name);
    if (text.empty()) continue;
    const auto value = seconds_in(text);
    if (!value || *value < (std::string_view(name) == "step" ? 1 : 0))
      return http::error_reply(400,
                               std::string(name) + " is no number of seconds that fits: " + std::string(text),
                               std::string("/") + name);
    *target = *value;
  }
  if (range.from >= range.to) return http::error_reply(400, "from is not before to", "/from");
  const std::int64_t finest = (range.to - range.from + kMostPoints - 1) / kMostPoints;
  if (range.step == 0) range.step = std::max<std::int64_t>(finest, 1);
  if (range.step < finest)
    return http::error_reply(
        400, "that are more than 2000 points: step must be at least " + std::to_string(finest), "/step");
  return range;
}

ApiJson points_of(const history::Points& points) {
  ApiJson all = ApiJson::array();
  for (const float value : points.values) all.push_back(std::isnan(value) ? ApiJson() : ApiJson(value));
  return all;
}

bool nothing_known(const ApiJson& points) {
  return std::ranges::all_of(points, [](const ApiJson& it) { return it.is_null(); });
}

/// A pool or type of requests that there is none of; "" stands for all.
std::optional<HttpReply> refuse_unknown(const std::string& pool, const std::string& type,
                                        const Inventory& inventory) {
  if (!pool.empty() && inventory.pool(pool) == nullptr)
    return http::error_reply(404, "there is no pool '" + pool + "'", "/pool");
  if (!type.empty() && std::ranges::find(inventory.request_types, type) == inventory.request_types.end())
    return http::error_reply(404, "there is no type of requests '" + type + "'", "/type");
  return std::nullopt;
}

std::string_view unit_of(std::string_view series) {
  const std::string_view last = series.substr(series.rfind('.') + 1);
  if (last == "rate" || last == "errors" || last == "requests") return "1/s";
  if (last.starts_with('p') || last == "finish") return "s";
  if (last == "memory") return "bytes";
  if (last == "bytes") return "bytes/s";
  if (last == "ratio") return "x";
  if (last == "busy" || last == "cpu" || last == "idle" || last == "imbalance") return "share";
  return "";
}

/// Who is not signed in sees the page, and is asked for a token there.
bool is_page_file(std::string_view path) {
  return path == "/" ||
         std::ranges::any_of(http::page_files(), [&](const auto& file) { return file.path == path; });
}

/// What would become of a request: workers are asked nothing.
bool is_prospect(const HttpRequest& request) {
  return request.method == Method::get && request.path.ends_with("/explain") &&
         !request.parameter("type").empty();
}

ApiJson describe(const history::TimeMark& it) {
  return {{"id", it.id}, {"time", it.time}, {"kind", it.kind}, {"text", it.text}};
}

}  // namespace

namespace {

/// Which servers there are, and what may come: more than operating what is there.
bool changes_house(const HttpRequest& request) {
  const auto is_under = [&](std::string_view path) { return request.path.starts_with(path); };
  switch (request.method) {
    case Method::post:
      return request.path == "/api/v1/servers";
    case Method::del:
      return is_under("/api/v1/servers/") || request.path == "/api/v1/changes";
    case Method::patch:
      return is_under("/api/v1/pools/") || is_under("/api/v1/listeners/");
    case Method::put:
      return is_under("/api/v1/pools/") && request.path.ends_with("/costs");
    default:
      return false;
  }
}

}  // namespace

AccessRole role_for(const HttpRequest& request) {
  if (request.path == "/healthz" || request.path == "/readyz" || request.path == "/api/v1/me" ||
      request.path == "/api/v1/session" || is_page_file(request.path))
    return AccessRole::nobody;
  if (request.path.starts_with("/pools/") && !request.path.ends_with("/policy"))
    return is_prospect(request) ? AccessRole::viewer
                                : AccessRole::operating;  // recording changes what workers do
  if (request.path.starts_with("/api/v1/alert-rules/") && request.method != Method::get)
    return AccessRole::admin;
  if (request.path == "/upgrade") return AccessRole::admin;           // another program runs from then on
  if (request.path == "/api/v1/forecast") return AccessRole::viewer;  // of what is posted: nothing is changed
  if (request.path == "/api/v1/config") return AccessRole::operating;  // it may hold addresses and URLs
  return request.method == Method::get ? AccessRole::viewer
         : changes_house(request)      ? AccessRole::admin
                                       : AccessRole::operating;
}

bool tells_performance(const HttpRequest& request) {
  return request.path == "/api/v1/live" || request.path.starts_with("/api/v1/pools") ||
         request.path.starts_with("/api/v1/series") || request.path == "/api/v1/sources" ||
         request.path == "/metrics";
}

namespace {

HttpReply routes_page(const http::HttpRouter& router) {
  ApiJson all = ApiJson::array();
  for (const auto& route : router.routes())
    all.push_back({{"method", name_of(route.method)}, {"path", route.path}});
  return json_reply({{"routes", std::move(all)}});
}

}  // namespace

void Api::add_routes(http::HttpRouter& router) {
  const auto get = [&](const std::string& path, auto handler) {
    router.get("/api/v1" + path, std::move(handler));
  };
  get("", [&router](const HttpRequest&) { return routes_page(router); });
  get("/me", [this](const HttpRequest& it) { return me(it); });
  router.on(Method::post, "/api/v1/session",
            [this](const HttpRequest& it) { return access_.open_session(it, loop_.now()); });
  router.on(Method::del, "/api/v1/session",
            [this](const HttpRequest& it) { return access_.close_session(it); });
  get("/live", [this](const HttpRequest&) {
    return HttpReply{200, "application/json", observer_.live() + "\n", {{"Cache-Control", "no-store"}}};
  });
  get("/stream", [this](const HttpRequest&) {
    HttpReply reply;
    reply.stream = &observer_.stream();
    return reply;
  });
  for (const char* const list : {"pools", "servers", "listeners", "workers", "types", "waiting"}) {
    get(std::string("/") + list, [this, list](const HttpRequest&) { return part(list); });
    get(std::string("/") + list + "/{name}", [this, list](const HttpRequest& it) { return one(list, it); });
  }
  get("/series", [this](const HttpRequest& it) { return series(it); });
  get("/decisions", [this](const HttpRequest& it) { return decisions(it); });
  get("/heatmap", [this](const HttpRequest& it) { return heatmap(it); });
  get("/events", [this](const HttpRequest& it) { return events(it); });
  router.put("/api/v1/servers/{name}/state", [this](const HttpRequest& it) { return set_state(it); });
  router.put("/api/v1/pools/{name}/policy", [this](const HttpRequest& it) { return set_policy(it); });
  router.on(Method::post, "/api/v1/reload", [this](const HttpRequest&) { return reloads_.ask(); });
}

HttpReply Api::me(const HttpRequest& request) {
  const Access::Caller caller = access_.caller_of(request, loop_.now());
  const bool can_change = access_.any_tokens() && caller.role >= AccessRole::operating;
  ApiJson body = {{"role", caller.role == AccessRole::nobody ? ApiJson() : ApiJson(name_of(caller.role))},
                  {"name", caller.name},
                  {"csrf", caller.csrf.empty() ? ApiJson() : ApiJson(caller.csrf)},
                  {"can_change", can_change},
                  {"changes_off", nullptr}};
  if (!access_.any_tokens()) body["changes_off"] = "proxy.admin_token_file is not set";
  return json_reply(body);
}

HttpReply Api::part(const char* name) const {
  const ApiJson all = ApiJson::parse(observer_.live(), nullptr, false);
  if (!all.contains(name)) return http::error_reply(404, "nothing is known yet");
  return json_reply({{name, all[name]}});
}

HttpReply Api::one(const char* list, const HttpRequest& request) const {
  const ApiJson all = ApiJson::parse(observer_.live(), nullptr, false);
  for (const ApiJson& it : all.value(list, ApiJson::array()))
    if (it.value("name", "") == request.name) return json_reply(it);
  return http::error_reply(404, std::string("there is no '") + request.name + "' among the " + list);
}

HttpReply Api::series(const HttpRequest& request) const {
  const auto asked = range_in(request, observer_.timeline().latest());
  if (const auto* refusal = std::get_if<HttpReply>(&asked)) return *refusal;
  const Range range = std::get<Range>(asked);
  const std::vector<std::string> names = split(request.parameter("names"));
  if (names.empty()) return json_reply({{"names", observer_.timeline().names()}});
  const history::Timeline::Plan plan = observer_.timeline().plan(range.from, range.to, range.step);
  ApiJson series = ApiJson::array();
  for (const std::string& name : names) {
    ApiJson points = points_of(observer_.timeline().read(kept_as(name), plan));
    if (nothing_known(points))
      if (const auto fault = fault_of_series(name, observer_.timeline().names()))
        return http::error_reply(404, *fault, "/names");
    series.push_back(
        {{"name", name}, {"label", name}, {"unit", unit_of(name)}, {"points", std::move(points)}});
  }
  ApiJson marks = ApiJson::array();
  for (const history::TimeMark& it : observer_.marks())
    if (it.time >= static_cast<double>(range.from) && it.time < static_cast<double>(range.to))
      marks.push_back(describe(it));
  return json_reply({{"step", plan.step},
                     {"from", plan.from},
                     {"series", std::move(series)},
                     {"marks", std::move(marks)},
                     {"source", plan.source()}});
}

/// How many requests took how long, in each step: a row of counts by the bounds, two to an octave.
HttpReply Api::heatmap(const HttpRequest& request) const {
  const auto asked = range_in(request, observer_.timeline().latest());
  if (const auto* refusal = std::get_if<HttpReply>(&asked)) return *refusal;
  const Range range = std::get<Range>(asked);
  const std::int64_t step = std::max<std::int64_t>(range.step, (range.to - range.from) / kMostColumns);
  const auto plan = observer_.timeline().plan(range.from, range.to, step);
  const std::string pool(request.parameter("pool")), type(request.parameter("type"));
  if (auto refusal = refuse_unknown(pool, type, observer_.inventory())) return *refusal;
  const std::string name = pool.empty() ? type.empty() ? "latency" : "type." + type
                                        : "pool." + pool + (type.empty() ? "" : ".type." + type);
  using model::LatencyBuckets;
  constexpr std::size_t kRow = LatencyBuckets::kPerOctave / 2;
  ApiJson bounds = ApiJson::array(), counts = ApiJson::array();
  for (std::size_t bucket = kRow - 1; bucket < LatencyBuckets::kCount; bucket += kRow)
    bounds.push_back(std::chrono::duration<double>(LatencyBuckets::upper_bound(bucket)).count());
  for (const model::LatencyHistogram& it : observer_.timeline().histograms(name, plan)) {
    ApiJson row = ApiJson::array();
    for (std::size_t bucket = 0; it.count() != 0 && bucket < LatencyBuckets::kCount; bucket += kRow) {
      std::uint64_t sum = 0;
      for (std::size_t i = bucket; i < bucket + kRow; ++i) sum += it.count_in(i);
      row.push_back(sum);
    }
    counts.push_back(it.count() == 0 ? ApiJson() : std::move(row));
  }
  return json_reply({{"step", plan.step},
                     {"from", plan.from},
                     {"bounds_s", std::move(bounds)},
                     {"counts", std::move(counts)}});
}

/// Workers tell only who may have them told; who looks without that right has not done anything wrong.
HttpReply Api::decisions(const HttpRequest& request) {
  const std::string pool(request.parameter("pool"));
  if (observer_.inventory().pool(pool) == nullptr)
    return http::error_reply(404, "there is no pool '" + pool + "'", "/pool");
  ApiJson body = {{"pool", pool}, {"decisions", ApiJson::array()}, {"note", nullptr}};
  if (access_.caller_of(request, loop_.now()).role < AccessRole::operating) {
    body["note"] = "Sign in to see them: workers tell what they decide only while an operator looks.";
    return json_reply(body);
  }
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  auto latest = explain_.latest(pool, now);
  if (!latest && observer_.inventory().pool(pool) != nullptr) {
    body["note"] = "Its connections are given to servers without a word: there is nothing to explain.";
    return json_reply(body);
  }
  if (!latest) return http::error_reply(404, "there is no pool '" + pool + "' of requests", "/pool");
  if (latest->empty()) body["note"] = "Nothing was decided since the first look.";
  body["decisions"] = std::move(*latest);
  return json_reply(body);
}

HttpReply Api::events(const HttpRequest& request) const {
  const std::string_view asked = request.parameter("after");
  const auto id = asked.empty() ? std::optional<std::int64_t>(0) : seconds_in(asked);
  if (!id || *id < 0)
    return http::error_reply(400, "after is no id of an event: " + std::string(asked), "/after");
  const std::int64_t after = *id;
  ApiJson all = ApiJson::array();
  std::uint64_t next = static_cast<std::uint64_t>(std::max<std::int64_t>(after, 0));
  for (const history::TimeMark& it : observer_.marks()) {
    if (it.id <= static_cast<std::uint64_t>(after)) continue;
    all.push_back(describe(it));
    next = it.id;
  }
  return json_reply({{"events", std::move(all)}, {"next", next}});
}

/// A reply to the plain path, with what the API says beside it.
HttpReply as_api(HttpReply reply, AdminApi& orders) {
  if (reply.status >= 300) return reply;
  ApiJson body = ApiJson::parse(reply.body, nullptr, false);
  body["survives_restart"] = orders.survives();
  return json_reply(body, reply.status);
}

HttpReply Api::set_state(const HttpRequest& request) {
  HttpReply reply = as_api(orders_.set_state(request), orders_);
  if (reply.status == 200) observer_.mark("change", "server " + request.name + ": " + request.body);
  return reply;
}

HttpReply Api::set_policy(const HttpRequest& request) { return as_api(orders_.set_policy(request), orders_); }

}  // namespace finishline::control
