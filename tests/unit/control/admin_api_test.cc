#include "lb/control/admin_api.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::control;

namespace {

http::HttpRequest request(const std::string& name, const std::string& body = "") {
  return {.name = name, .body = body};
}

struct Desk {
  Desk() { ledger::configure_policy(ledger, media, 1, 1); }

  int put(const std::string& name, const std::string& body) {
    reply = orders.set_state(request(name, body));
    return reply.status;
  }
  ledger::ServerState state() const { return ledger.state(0); }

  ledger::Ledger ledger = std::get<ledger::Ledger>(ledger::Ledger::create({1, 2}));
  ledger::ServerId video = *ledger.ensure_server("video-1", 1);
  net::Loop loop;
  HealthChecker health{
      loop, ledger, {{.name = "media", .health = {}, .members = {{video, "video-1", "", std::nullopt}}}}, 1};
  ledger::PoolId media = *ledger::ensure_pool(ledger, "media");
  ledger::PoolId tcp = *ledger::ensure_pool(ledger, "tcp");
  PolicyService policies{ledger,
                         {{.name = "media", .row = media}, {.name = "tcp", .row = tcp, .streams = true}}};
  AdminApi orders{ledger, health, policies};
  HttpReply reply;
};

constexpr const char* kDrain = R"({"state": "drain"})";
constexpr const char* kReady = R"({"state": "ready"})";

}  // namespace

TEST_CASE("an order drains a server and takes it back") {
  Desk desk;
  CHECK(desk.put("video-1", kDrain) == 200);
  CHECK(desk.reply.body ==
        "{\"server\":\"video-1\",\"state\":\"draining\",\"carries\":\"requests\",\"in_flight\":0,"
        "\"survives_restart\":false,\"forgotten_because\":\"nothing is kept\",\"was\":{"
        "\"state\":\"untried\"}}\n");  // nobody has reached it
  CHECK(desk.state() == ledger::ServerState::draining);
  CHECK(desk.put("video-1", kDrain) == 200);
  CHECK(desk.put("video-1", kReady) == 200);
  CHECK(desk.reply.body.find("\"state\":\"untried\"") != std::string::npos);
  CHECK(desk.state() == ledger::ServerState::up);
  ledger::WorkerMetrics(desk.ledger, 0).add(desk.video, ledger::ServerCell::links_up);
  CHECK(desk.put("video-1", kReady) == 200);
  CHECK(desk.reply.body.find("\"state\":\"up\"") != std::string::npos);
}

TEST_CASE("orders that make no sense are refused") {
  Desk desk;
  CHECK(desk.put("video-9", kDrain) == 404);
  for (const char* const body :
       {"", "drain", "{", "[]", "\"drain\"", R"({"state": "off"})", R"({"state": 1})", "{}"})
    CHECK(desk.put("video-1", body) == 400);
  CHECK(desk.state() == ledger::ServerState::up);
}

TEST_CASE("a policy can be asked for and changed") {
  Desk desk;
  CHECK(desk.orders.get_policy(request("media")).body ==
        "{\"pool\":\"media\",\"policy\":\"makespan\",\"chosen\":\"makespan\",\"file\":\"makespan\"}\n");
  CHECK(desk.orders.get_policy(request("nobody")).status == 404);
  const std::string order = R"({"policy": "regret"})";
  CHECK(ledger::pool_policy(desk.ledger, desk.media).running == 1);
  CHECK(desk.orders.set_policy(request("media", order)).body ==
        "{\"pool\":\"media\",\"policy\":\"regret\",\"chosen\":\"regret\",\"file\":\"makespan\","
        "\"was\":{\"policy\":\"makespan\"}}\n");
  CHECK(ledger::pool_policy(desk.ledger, desk.media).running == 3);
  CHECK(desk.orders.set_policy(request("nobody", order)).status == 404);
}

TEST_CASE("a policy that there is not, or not for this pool, is refused with what there is") {
  Desk desk;
  const auto body_of = [&](const char* pool, const char* order) {
    const HttpReply reply = desk.orders.set_policy(request(pool, order));
    CHECK(reply.status == 400);
    return reply.words;
  };
  CHECK(body_of("media", R"({"policy": "fastest"})").find("there are makespan, ") != std::string::npos);
  CHECK(body_of("media", "{}") == "expected {\"policy\": \"NAME\"}");
  CHECK(body_of("tcp", R"({"policy": "makespan"})").find("given connections") != std::string::npos);
  CHECK(desk.orders.set_policy(request("tcp", R"({"policy": "ip-hash"})")).status == 200);
}
