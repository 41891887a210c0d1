#include "lb/control/alert_api.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lb/control/api.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::control;
using http::HttpReply;
using http::Method;
using Json = nlohmann::json;

namespace {

/// Behind the router, as requests come; with a server that is down.
struct Desk {
  Desk() {
    api.add_routes(router);
    look();
  }
  void look() {
    ++second;
    Snapshot snapshot;
    snapshot.taken_at = Instant(std::chrono::seconds(second));
    snapshot.servers.resize(1);
    snapshot.servers[0].name = "video-1";
    snapshot.servers[0].state = state;
    Overview overview;
    overview.time = 2e9 + second;
    overview.servers.push_back({.snapshot = &snapshot.servers[0], .pool = "media"});
    live = Json::parse(service.look(overview, snapshot, Inventory{}).dump());
  }
  struct Answer {
    int status = 0;
    Json body;
  };
  Answer ask(const std::string& what, const std::string& body = "") {
    const std::string bytes =
        router
            .answer(what + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: " +
                        std::to_string(body.size()) + "\r\n\r\n" + body,
                    "127.0.0.1")
            .bytes;
    return {std::stoi(bytes.substr(9, 3)),
            Json::parse(bytes.substr(bytes.find("\r\n\r\n") + 4), nullptr, false)};
  }

  net::Loop loop;
  int second = 1000;
  ledger::ServerState state = ledger::ServerState::down;
  std::vector<std::string> marks;
  config::Config config;
  AlertService service{loop, config, {}, [this](std::string text) { marks.push_back(std::move(text)); }};
  http::HttpRouter router;
  Access access{router.refusals(), "", {}};
  AlertApi api{loop, service, access, [this](std::string text) { marks.push_back(std::move(text)); }};
  Json live;
};

std::string until(double seconds_from_now) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::to_string(std::chrono::duration<double>(now).count() + seconds_from_now);
}

}  // namespace

TEST_CASE("an alert is told at once, with the rules and what is silenced") {
  Desk desk;
  const auto answer = desk.ask("GET /api/v1/alerts");
  CHECK(answer.status == 200);
  REQUIRE(answer.body["alerts"].size() == 1);
  const Json& alert = answer.body["alerts"][0];
  CHECK(alert["id"] == "server_down:video-1");
  CHECK(alert["rule"] == "server_down");
  CHECK(alert["severity"] == "critical");
  CHECK(alert["state"] == "pending");
  CHECK(alert["acknowledged"].is_null());
  CHECK(alert["reason"].get<std::string>().starts_with("video-1 is down"));
  CHECK(answer.body["rules"].size() == alert::kRules);
  CHECK(answer.body["silences"].empty());
  CHECK(desk.live.size() == 1);
  CHECK(desk.live[0]["id"] == alert["id"]);
}

TEST_CASE("an alert fires, is on every axis of time, and is resolved") {
  Desk desk;
  for (int i = 0; i < 4; ++i) desk.look();
  CHECK(desk.live[0]["state"] == "firing");
  CHECK(desk.service.counts().critical == 1);
  desk.state = ledger::ServerState::up;
  for (int i = 0; i < 5; ++i) desk.look();
  CHECK(desk.live.empty());
  CHECK(desk.service.counts().critical == 0);
  REQUIRE(desk.marks.size() == 2);
  CHECK(desk.marks[0].starts_with("server_down:video-1 fires: video-1 is down"));
  CHECK(desk.marks[1].starts_with("server_down:video-1 is resolved: "));
  CHECK(desk.ask("GET /api/v1/alerts?state=open").body["alerts"].empty());
  const Json all = desk.ask("GET /api/v1/alerts?state=all").body["alerts"];
  REQUIRE(all.size() == 1);
  CHECK(all[0]["state"] == "resolved");
  CHECK(all[0]["resolved_at"].is_number());
  CHECK(desk.ask("GET /api/v1/alerts?state=none").status == 400);
}

TEST_CASE("an alert is acknowledged by name") {
  Desk desk;
  CHECK(desk.ask("POST /api/v1/alerts/server_down:video-1/acknowledge", "{}").status == 200);
  CHECK(desk.ask("GET /api/v1/alerts").body["alerts"][0]["acknowledged"]["by"] == "somebody");
  CHECK(desk.ask("POST /api/v1/alerts/server_down:video-9/acknowledge", "{}").status == 404);
}

TEST_CASE("silences are made and ended") {
  Desk desk;
  const auto made = desk.ask("POST /api/v1/silences", R"({"matches":"server_down:*","until":)" + until(3e8) +
                                                          R"(,"comment":"moving"})");
  CHECK(made.status == 400);  // within a year
  const auto good = desk.ask("POST /api/v1/silences", R"({"matches":"server_down:*","until":)" + until(3600) +
                                                          R"(,"comment":"moving"})");
  CHECK(good.status == 201);
  CHECK(good.body["survives_restart"] == false);
  const std::string id = good.body["id"];
  CHECK(desk.ask("GET /api/v1/alerts").body["silences"][0]["comment"] == "moving");
  CHECK(desk.ask("DELETE /api/v1/silences/" + id).status == 200);
  CHECK(desk.ask("DELETE /api/v1/silences/" + id).status == 404);
  CHECK(desk.ask("GET /api/v1/alerts").body["silences"].empty());
  for (const std::string& bad : {std::string("x"), std::string("{}"), std::string(R"({"matches":"*"})"),
                                 std::string(R"({"matches":"*","until":1})"),
                                 R"({"matches":"*","comment":1,"until":)" + until(60) + "}"})
    CHECK(desk.ask("POST /api/v1/silences", bad).status == 400);
}

TEST_CASE("a rule is changed in what the body says, and nonsense changes nothing") {
  Desk desk;
  const auto rule = [&](const char* name) {
    const Json rules = desk.ask("GET /api/v1/alerts").body["rules"];
    for (const Json& it : rules)
      if (it["name"] == name) return it;
    return Json();
  };
  const auto changed = desk.ask("PUT /api/v1/alert-rules/latency_high",
                                R"({"threshold":0.5,"for_s":5,"severity":"critical"})");
  CHECK(changed.status == 200);
  CHECK(changed.body["survives_restart"] == false);
  CHECK(rule("latency_high")["threshold"] == 0.5);
  CHECK(rule("latency_high")["for_s"] == 5);
  CHECK(rule("latency_high")["enabled"] == true);
  for (const char* const bad : {R"({"threshold":0})", R"({"threshold":"x"})", R"({"for_s":-1})",
                                R"({"enabled":1})", R"({"severity":"loud"})", "[]", "x"})
    CHECK(desk.ask("PUT /api/v1/alert-rules/latency_high", bad).status == 400);
  CHECK(rule("latency_high")["threshold"] == 0.5);
  CHECK(rule("server_down")["threshold"].is_null());
  CHECK(desk.ask("PUT /api/v1/alert-rules/server_down", R"({"threshold":2})").status == 400);
  CHECK(desk.ask("PUT /api/v1/alert-rules/none", "{}").status == 404);
}

TEST_CASE("changing rules is an admin's business, acknowledging an operator's") {
  const auto role = [](Method method, const char* path) {
    return role_for({.method = method, .path = path});
  };
  CHECK(role(Method::put, "/api/v1/alert-rules/latency_high") == AccessRole::admin);
  CHECK(role(Method::post, "/api/v1/silences") == AccessRole::operating);
  CHECK(role(Method::post, "/api/v1/alerts/x/acknowledge") == AccessRole::operating);
  CHECK(role(Method::get, "/api/v1/alerts") == AccessRole::viewer);
}

TEST_CASE("alerts that are switched off are none") {
  Desk desk;
  desk.config.alerts.enabled = false;
  desk.service.change_to(desk.config);
  desk.look();
  CHECK(desk.live.empty());
}

TEST_CASE("silences and acknowledgements outlive the process, and nobody is told again") {
  const test::TempDir dir;
  config::Config config;
  config.proxy.state_dir = dir.file("");
  net::Loop loop;
  {
    AlertService before{loop, config, {}, [](std::string) {}};
    before.engine().silence("latency_high:*", 4e9, "why", "alice");
    before.engine().step({{.subject = "video-1", .value = 1, .words = "down"}},
                         {.at = Instant(1000s), .unix = 2e9});
    REQUIRE(before.engine().acknowledge("server_down:video-1", "alice", 2e9));
    CHECK(before.keep());
  }
  AlertService after{loop, config, {}, [](std::string) {}};
  REQUIRE(after.engine().silences().size() == 1);
  CHECK(after.engine().silences()[0].by == "alice");
  CHECK(after.engine().silence("x", 4e9, "", "")->id == "s2");
  const std::vector<alert::AlertReading> down{{.subject = "video-1", .value = 1, .words = "down"}};
  auto step = after.engine().step(down, {.at = Instant(2000s), .unix = 2e9 + 1000});
  step = after.engine().step(down, {.at = Instant(2100s), .unix = 2e9 + 1100});
  REQUIRE(after.engine().open().size() == 1);
  CHECK(after.engine().open()[0].state == alert::AlertState::firing);
  CHECK(after.engine().open()[0].acknowledged->by == "alice");
  CHECK(step.tell_fired.empty());
}
