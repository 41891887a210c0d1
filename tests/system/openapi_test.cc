// The description of the API and the API itself: each route is in the file, each request of the file is a
// route, and what a proxy at work answers is what the file says.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <string>

#include "tests/support/json_schema.h"
#include "tests/support/proxy_under_test.h"

using namespace finishline;
using namespace finishline::test;
using Json = nlohmann::json;

namespace {

constexpr const char* kToken = "a-token-for-these-tests";

struct Described {
  Described()
      : token(dir.write("token", kToken)),
        safe(::chmod(token.c_str(), 0600) == 0),
        proxy({.servers = {{.name = "video-1"}, {.name = "music-1", .type = "music"}},
               .proxy_keys = "admin_token_file = \"" + token + "\"\n"}),
        file(Json::parse(proxy.get("/api/v1/openapi.json").body)) {}

  HttpReply send(const std::string& method, const std::string& path, const std::string& body = "") const {
    return http_send(proxy.admin_port(), method, path, body, kToken);
  }
  Json routes() const { return Json::parse(proxy.get("/api/v1").body)["routes"]; }
  /// Some requests, so that there is something to tell of.
  void work() const {
    TcpPeer client = proxy.connect();
    for (std::uint64_t id = 1; id <= 20; ++id) {
      client.send_frame({.type = id % 2 == 0 ? 'V' : 'M', .id = id, .length = 1});
      REQUIRE(client.read_frame().has_value());
    }
  }

  TempDir dir;
  std::string token;
  bool safe;
  ProxyUnderTest proxy;
  Json file;
};

std::string upper(std::string word) {
  std::ranges::transform(word, word.begin(), [](unsigned char c) { return std::toupper(c); });
  return word;
}

/// Each object of schemas: its references lead somewhere, and what it wants is described.
void check_schemas(const Json& part, const JsonSchema& schemas, const std::string& at) {
  if (part.is_object()) {
    if (part.contains("$ref")) CHECK_MESSAGE(!schemas.resolve(part["$ref"]).is_null(), at);
    if (part.contains("properties"))
      for (const Json& key : part.value("required", Json::array()))
        CHECK_MESSAGE(part["properties"].contains(key.get<std::string>()), (at + " " + key.dump()));
  }
  if (part.is_structured())
    for (const auto& [key, member] : part.items()) check_schemas(member, schemas, at + '/' + key);
}

/// The name that stands for {name} in a path of this kind.
std::string filled(std::string path) {
  const auto hole = path.find("{name}");
  if (hole == std::string::npos) return path;
  const auto has = [&](const char* words) { return path.find(words) != std::string::npos; };
  const std::string name = has("/pools/")         ? "media"
                           : has("/listeners/")   ? "media"
                           : has("/workers/")     ? "worker-0"
                           : has("/types/")       ? "video"
                           : has("/alert-rules/") ? "server_down"
                                                  : "video-1";
  return path.replace(hole, 6, name);
}

}  // namespace

TEST_CASE("the description is one of OpenAPI 3.0.3, and nothing in it leads nowhere") {
  Described it;
  CHECK(it.file["openapi"] == "3.0.3");
  CHECK(it.file["info"].contains("title"));
  CHECK(it.file["info"].contains("version"));
  const JsonSchema schemas(it.file);
  check_schemas(it.file, schemas, "");
  for (const auto& [path, item] : it.file["paths"].items()) {
    CAPTURE(path);
    CHECK(path.starts_with('/'));
    const bool named = path.find("{name}") != std::string::npos;
    CHECK(item.contains("parameters") == named);
    for (const auto& [method, operation] : item.items()) {
      if (method == "parameters") continue;
      CHECK(operation.contains("summary"));
      CHECK(operation["responses"].contains("default"));
      for (const auto& [status, response] : operation["responses"].items())
        CHECK(response.contains("description"));
    }
  }
}

TEST_CASE("the description has every route, and every request of the description is a route") {
  Described it;
  std::set<std::string> there, told;
  for (const Json& route : it.routes())
    there.insert(route["method"].get<std::string>() + ' ' + route["path"].get<std::string>());
  for (const auto& [path, item] : it.file["paths"].items())
    for (const auto& [method, operation] : item.items())
      if (method != "parameters") told.insert(upper(method) + ' ' + path);
  for (const std::string& route : there) CHECK_MESSAGE(told.contains(route), (route + " is not in the file"));
  for (const std::string& route : told) CHECK_MESSAGE(there.contains(route), (route + " is not there"));
}

TEST_CASE("what a proxy at work answers to a GET is as the description says") {
  Described it;
  it.work();
  // Two seconds of the observer, so that rates and latencies are there.
  REQUIRE(wait_until([&] { return Json::parse(it.proxy.get("/api/v1/live").body).value("tick", 0) >= 3; }));
  const JsonSchema schemas(it.file);
  for (const auto& [path, item] : it.file["paths"].items()) {
    if (!item.contains("get")) continue;
    const Json& responses = item["get"]["responses"];
    const Json content = responses.value("200", Json::object()).value("content", Json::object());
    if (content.contains("text/event-stream")) continue;
    std::string target = filled(path);
    if (path == "/api/v1/series") target += "?names=requests,server.video-1.p95";
    if (path == "/api/v1/decisions" || path == "/api/v1/heatmap" || path == "/api/v1/forecast")
      target += "?pool=media";
    if (path == "/api/v1/waiting/{name}") continue;  // what waits has no name
    CAPTURE(target);
    const HttpReply reply = it.send("GET", target);
    CHECK(reply.status == 200);
    if (!content.contains("application/json")) continue;
    const Json body = Json::parse(reply.body, nullptr, false);
    for (const std::string& fault : schemas.faults(body, content["application/json"]["schema"]))
      FAIL_CHECK(fault);
  }
}

TEST_CASE("changes are answered, and refused, as the description says") {
  Described it;
  const JsonSchema schemas(it.file);
  const auto sends = [&](const std::string& method, const std::string& path, const std::string& body,
                         int wanted) {
    CAPTURE(method + ' ' + path + ' ' + body);
    const HttpReply reply = it.send(upper(method), filled(path), body);
    CHECK(reply.status == wanted);
    const Json& responses = it.file["paths"][path][method]["responses"];
    const std::string status = std::to_string(reply.status);
    const Json schema = responses.contains(status)
                            ? responses[status]["content"]["application/json"]["schema"]
                            : responses["default"]["content"]["application/json"]["schema"];
    for (const std::string& fault : schemas.faults(Json::parse(reply.body, nullptr, false), schema))
      FAIL_CHECK(fault);
  };
  sends("patch", "/api/v1/servers/{name}", R"({"weight": 2})", 200);
  sends("patch", "/api/v1/servers/{name}", R"({"weight": "much"})", 400);
  sends("put", "/api/v1/servers/{name}/state", R"({"state": "drain"})", 200);
  sends("put", "/api/v1/servers/{name}/state", R"({"state": "ready"})", 200);
  sends("post", "/api/v1/servers",
        R"({"name": "x", "pool": "media", "type": "video", "address": "127.0.0.1:1"})", 201);
  sends("post", "/api/v1/servers", R"({"name": "y", "pool": "media", "type": "video"})", 400);
  sends("delete", "/api/v1/servers/{name}", "", 200);
  sends("patch", "/api/v1/pools/{name}", R"({"max_attempts": 2})", 200);
  sends("patch", "/api/v1/listeners/{name}", R"({"max_open": 100})", 200);
  sends("put", "/api/v1/pools/{name}/costs", R"({"video": {"music": 2.5}})", 200);
  sends("put", "/api/v1/pools/{name}/policy", R"({"policy": "regret"})", 200);
  sends("put", "/api/v1/pools/{name}/policy", R"({"policy": "none"})", 400);
  sends("put", "/api/v1/alert-rules/{name}", R"({"for_s": 5})", 200);
  sends("delete", "/api/v1/changes", "", 200);
  sends("post", "/api/v1/reload", "", 202);
  sends("put", "/algorithm", R"({"algorithm": "makespan"})", 200);
}

TEST_CASE("a request through the balancer tells where it went, and how long it took") {
  Described it;
  const Json told = Json::parse(it.send("POST", "/request", R"({"type": "music", "length": 3})").body);
  CHECK(told["status"] == "ok");
  CHECK(told["server"] == "music-1");
  CHECK(told["service_s"] >= 0.003);
  CHECK(told["took_s"] >= told["service_s"]);
  CHECK(it.send("POST", "/request", R"({"type": "opera"})").status == 400);
  CHECK(it.send("POST", "/request", R"({"listener": "nobody"})").status == 404);
  CHECK(it.send("POST", "/request", R"({"length": 0})").status == 400);
  CHECK(it.proxy.get("/servers").body.starts_with("[{\"name\":\"video-1\""));
  CHECK(Json::parse(it.proxy.get("/algorithm").body)["pools"][0]["algorithm"] == "makespan");
}
