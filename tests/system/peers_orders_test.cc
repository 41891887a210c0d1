// Orders that stand in redis and are needed by nobody: how long they stand there, and what becomes of orders
// that come after them.
#include <doctest/doctest.h>

#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/peer_stage.h"

using namespace finishline;
using namespace finishline::test;

namespace {

constexpr const char* kToken = "a-token-for-these-tests";

/// As it would stand after an order of long ago that no proxy has needed since.
void put(const RedisServer& redis, const std::string& field, const std::string& version,
         const std::string& value) {
  redis.tell("HSET finishline:orders \"" + field + "\" \"" + version + " proxy-9 " + value + '"');
  redis.tell("HSET finishline:orders:idle \"" + field + "\" \"" + version + " 1000\"");
}

std::string line_of(const RedisServer& redis, const std::string& field) {
  return redis.text("HGET finishline:orders \"" + field + '"');
}

std::string state_at(PeerStage& stage, std::size_t i, int server) {
  return nlohmann::json::parse(stage.proxy(i).get("/stats").body).at("servers").at(server).at("state");
}

}  // namespace

TEST_CASE("a proxy that ends right after an order tells redis of it before") {
  RedisServer redis;
  TempDir dir;
  const std::string token = dir.write("token", kToken);
  ::chmod(token.c_str(), 0600);
  PeerStage stage(1, redis,
                  {.servers = {{.name = "video-1"}}, .proxy_keys = "admin_token_file = \"" + token + "\"\n"});
  REQUIRE(stage.wait_for_engine(0, "connected"));
  ProxyUnderTest& proxy = stage.proxy(0);
  const auto order = [&](const std::string& path, const std::string& body) {
    return http_put(proxy.admin_port(), path, body, kToken);
  };
  CHECK(order("/pools/media/policy", R"({"policy":"regret"})").status == 200);
  const HttpReply reply = order("/servers/video-1/state", R"({"state":"drain"})");
  CHECK(reply.status == 200);
  CHECK(reply.body.find("\"survives_restart\":true") != std::string::npos);  // without proxy.state_dir
  CHECK(reply.body.find("forgotten_because") == std::string::npos);
  CHECK(proxy.stop() == Exit{0, 0});
  CHECK(line_of(redis, "server video-1") == "1 proxy-0 drain");
  CHECK(line_of(redis, "pool media") == "1 proxy-0 regret");
}

TEST_CASE("orders that no proxy has needed for long go from redis, others stay, and versions go on") {
  RedisServer redis;
  put(redis, "server video-1", "2", "ready");
  put(redis, "server video-2", "5", "drain");
  put(redis, "server ghost", "7", "drain");
  put(redis, "pool media", "4", "makespan");
  put(redis, "change server video-2", "3", "{}");
  put(redis, "change server gone", "6", R"({\"removed\":true})");
  redis.tell("HSET finishline:orders \"server new-ghost\" \"9 proxy-9 drain\"");
  TempDir dir;
  const std::string token = dir.write("token", kToken);
  ::chmod(token.c_str(), 0600);
  PeerStage stage(2, redis,
                  {.servers = {{.name = "video-1"}, {.name = "video-2"}},
                   .proxy_keys = "admin_token_file = \"" + token + "\"\n"});
  REQUIRE(stage.all_here(1));
  CHECK(wait_until([&] { return line_of(redis, "floor") == "7"; }));
  CHECK(stage.proxy(0).logged("orders_tidied count=4") + stage.proxy(1).logged("orders_tidied count=4") == 1);
  for (const char* const field : {"server video-1", "server ghost", "pool media", "change server video-2"})
    CHECK_MESSAGE(line_of(redis, field) == "", field);
  CHECK(line_of(redis, "server video-2") == "5 proxy-9 drain");
  CHECK(line_of(redis, "change server gone").starts_with("6 proxy-9 "));
  CHECK(line_of(redis, "server new-ghost") == "9 proxy-9 drain");
  CHECK(wait_until([&] { return redis.tell("HLEN finishline:orders:idle") == ":1"; }));  // the new ghost

  CHECK(
      wait_until([&] { return state_at(stage, 0, 1) == "draining" && state_at(stage, 1, 1) == "draining"; }));
  CHECK(http_put(stage.proxy(0).admin_port(), "/servers/video-1/state", R"({"state":"drain"})", kToken)
            .status == 200);
  CHECK(wait_until([&] { return state_at(stage, 1, 0) == "draining"; }));
  CHECK(line_of(redis, "server video-1") == "8 proxy-0 drain");
  CHECK(stage.peers(0).at("orders").at("conflict") == 0);
}

TEST_CASE(
    "what stands in redis and is no order is told of, and neither it nor an unknown word mutes a server") {
  RedisServer redis;
  redis.tell("HSET finishline:orders \"server video-1\" garbage");
  redis.tell("HSET finishline:orders \"server video-2\" \"99999999999999999999999 proxy-9 drain\"");
  redis.tell("HSET finishline:orders \"pool media\" \"3 proxy-9 by-dice\"");
  redis.tell("HSET finishline:orders \"change server video-2\" garbage");
  TempDir dir;
  const std::string token = dir.write("token", kToken);
  ::chmod(token.c_str(), 0600);
  PeerStage stage(2, redis,
                  {.servers = {{.name = "video-1"}, {.name = "video-2"}},
                   .proxy_keys = "admin_token_file = \"" + token + "\"\n"});
  REQUIRE(stage.all_here(1));
  for (const char* const what : {"server video-1", "server video-2", "pool media", "change server video-2"})
    CHECK(stage.proxy(0).wait_for_log(" order_left_out what=\"" + std::string(what) + '"'));
  const int port = stage.proxy(0).admin_port();
  const auto put = [&](const std::string& path, const std::string& body) {
    return http_put(static_cast<std::uint16_t>(port), path, body, kToken).status;
  };
  CHECK(put("/servers/video-1/state", R"({"state":"drain"})") == 200);
  CHECK(put("/servers/video-2/state", R"({"state":"drain"})") == 200);
  CHECK(put("/pools/media/policy", R"({"policy":"regret"})") == 200);
  CHECK(http_send(static_cast<std::uint16_t>(port), "PATCH", "/api/v1/servers/video-2", R"({"weight":2.5})",
                  kToken)
            .status == 200);
  CHECK(
      wait_until([&] { return state_at(stage, 1, 0) == "draining" && state_at(stage, 1, 1) == "draining"; }));
  CHECK(line_of(redis, "server video-1") == "1 proxy-0 drain");
  CHECK(wait_until([&] { return line_of(redis, "pool media") == "4 proxy-0 regret"; }));
  CHECK(wait_until([&] { return line_of(redis, "change server video-2").starts_with("1 proxy-0 "); }));
}

TEST_CASE("a drain that was ordered while redis was away holds at all proxies once it is back empty") {
  RedisServer redis;
  TempDir dir;
  const std::string token = dir.write("token", kToken);
  ::chmod(token.c_str(), 0600);
  PeerStage stage(2, redis,
                  {.servers = {{.name = "video-1"}, {.name = "video-2"}},
                   .proxy_keys = "admin_token_file = \"" + token + "\"\n"});
  REQUIRE(stage.all_here(1));
  const auto order = [&](const std::string& state) {
    return http_put(stage.proxy(0).admin_port(), "/servers/video-1/state", R"({"state":")" + state + "\"}",
                    kToken)
        .status;
  };
  for (const char* const state : {"drain", "ready", "drain", "ready"}) {
    CHECK(order(state) == 200);
    const std::string shown = state == std::string("drain") ? "draining" : "up";
    CHECK(wait_until([&] { return (state_at(stage, 1, 0) == "draining") == (shown == "draining"); }));
  }
  REQUIRE(wait_until([&] { return line_of(redis, "server video-1") == "4 proxy-0 ready"; }));
  redis.kill();
  REQUIRE(stage.wait_for_engine(0, "lost"));
  CHECK(order("drain") == 200);
  redis.start();
  CHECK(wait_until([&] { return line_of(redis, "server video-1") == "5 proxy-0 drain"; }));
  CHECK(wait_until([&] { return state_at(stage, 1, 0) == "draining"; }));
  CHECK(
      stage.proxy(1).wait_for_log(" order_adopted what=\"server video-1\" value=drain by=proxy-0 version=5"));
  CHECK(line_of(redis, "server video-1") == "5 proxy-0 drain");
  CHECK(state_at(stage, 0, 0) == "draining");
}
