// Servers and costs that an operator changes at one of several proxies are known to all: also to one that was
// cut off, restarts, comes later, or cannot carry it out; and nothing goes round between them.
#include <doctest/doctest.h>

#include <sys/stat.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/client_program.h"
#include "tests/support/peer_stage.h"
#include "tests/support/stats.h"
#include "tests/support/tcp_relay.h"

using namespace finishline;
using namespace finishline::test;

namespace {

constexpr const char* kToken = "a-token-for-these-tests";

/// Proxies whose servers an operator changes; one server more runs than they know.
struct Fleet {
  Fleet() { ::chmod(token.c_str(), 0600); }

  SetUp set_up() const {
    return {.servers = {{.name = "video-1"}, {.name = "video-2"}, {.name = "music-1", .type = "music"}},
            .proxy_keys = "admin_token_file = \"" + token + "\"\n"};
  }
  int send(const ProxyUnderTest& proxy, const std::string& method, const std::string& path,
           const std::string& body = "") {
    const HttpReply reply = http_send(proxy.admin_port(), method, "/api/v1" + path, body, kToken);
    answer = nlohmann::json::parse(reply.body, nullptr, false);
    INFO(reply.body);
    return reply.status;
  }
  int add(const ProxyUnderTest& proxy, const std::string& pool = "media") {
    const nlohmann::json server = {
        {"name", "video-9"}, {"pool", pool}, {"type", "video"}, {"address", spare.address()}};
    return send(proxy, "POST", "/servers", server.dump());
  }
  int weigh(const ProxyUnderTest& proxy, double weight) {
    return send(proxy, "PATCH", "/servers/video-1", nlohmann::json{{"weight", weight}}.dump());
  }
  nlohmann::json changes(const ProxyUnderTest& proxy) {
    send(proxy, "GET", "/changes");
    return answer.at("changes");
  }
  static bool has_server(const ProxyUnderTest& proxy, const std::string& name) {
    const auto stats = nlohmann::json::parse(proxy.get("/stats").body);
    for (const auto& server : stats.at("servers"))
      if (server.at("name") == name && server.at("state") != "absent") return true;
    return false;
  }
  bool same_changes(PeerStage& stage, std::size_t proxies) {
    return wait_until([&] {
      for (std::size_t i = 1; i < proxies; ++i)
        if (changes(stage.proxy(i)) != changes(stage.proxy(0))) return false;
      return true;
    });
  }

  TempDir dir;
  std::string token = dir.write("token", kToken);
  FreePort spare;
  nlohmann::json answer;
};

/// "3" of "3 proxy-1 {...}"; "" where nothing stands.
std::string version_of(const RedisServer& redis, const std::string& field) {
  const std::string text = redis.text("HGET finishline:orders \"" + field + "\"");
  return text.substr(0, text.find(' '));
}

std::int64_t counted(PeerStage& stage, std::size_t i, const char* news) {
  return stage.peers(i).at("orders").at(news);
}

}  // namespace

TEST_CASE("changes: what is added, weighed, priced and removed at one proxy is so at all, once and for all") {
  RedisServer redis;
  Fleet fleet;
  PeerStage stage(2, redis, fleet.set_up());
  REQUIRE(stage.all_here(1));
  CHECK(fleet.add(stage.proxy(0)) == 201);
  CHECK(fleet.weigh(stage.proxy(1), 2.5) == 200);
  CHECK(fleet.send(stage.proxy(0), "PUT", "/pools/media/costs", R"({"video": {"music": 3.5}})") == 200);
  CHECK(fleet.send(stage.proxy(1), "DELETE", "/servers/video-2") == 200);
  CHECK(wait_until([&] { return !fleet.changes(stage.proxy(1))["added"].empty(); }));
  CHECK(wait_until([&] { return !fleet.changes(stage.proxy(0))["removed"].empty(); }));
  CHECK(fleet.same_changes(stage, 2));
  const auto all = fleet.changes(stage.proxy(0));
  CHECK(all.at("added").at("video-9").at("address") == fleet.spare.address());
  CHECK(all.at("server").at("video-1").at("weight") == 2.5);
  CHECK(all.at("cost").at("video").at("music") == 3.5);
  CHECK(all.at("removed").at(0) == "video-2");
  CHECK(stage.proxy(1).wait_for_log(" order_adopted what=\"change server video-9\""));
  const std::size_t third = stage.add();
  CHECK(fleet.same_changes(stage, 3));
  // Each has come once to each, and went round nowhere.
  for (const char* const field :
       {"change server video-9", "change server video-1", "change cost video", "change server video-2"})
    CHECK(version_of(redis, field) == "1");
  CHECK(counted(stage, 0, "adopted") == 2);
  CHECK(counted(stage, 1, "adopted") == 2);
  CHECK(counted(stage, third, "adopted") == 4);
  CHECK(fleet.send(stage.proxy(third), "DELETE", "/changes") == 200);
  CHECK(fleet.same_changes(stage, 3));
  CHECK(fleet.changes(stage.proxy(0)).empty());
  CHECK(wait_until([&] { return version_of(redis, "change server video-9") == "2"; }));
  for (std::size_t i : {0, 1, 2}) CHECK(counted(stage, i, "conflict") == 0);
}

TEST_CASE("changes: a server that is added at one proxy gets work from all") {
  RedisServer redis;
  Fleet fleet;
  PeerStage stage(2, redis, fleet.set_up());
  REQUIRE(stage.all_here(1));
  ChildProcess server(program("finishline-server"), {"--type", "video", "--listen", fleet.spare.address()});
  CHECK(fleet.add(stage.proxy(0)) == 201);
  for (std::size_t i : {0, 1})
    CHECK(wait_until([&] {
      ClientProgram client(stage.proxy(i), {"--requests", "60", "--concurrency", "12", "--mix", "video=1"});
      client.check_perfect(60);
      return stats_of(stage.proxy(i)).server("video-9").sent > 0;
    }));
}

TEST_CASE("changes: of two at once on both sides of a partition one holds, which is told and counted") {
  RedisServer redis;
  TcpRelay relay(redis.port());
  Fleet fleet;
  PeerStage stage({redis.url(), relay.url()}, fleet.set_up());
  REQUIRE(stage.all_here(1));
  relay.hang();
  CHECK(stage.wait_for_engine(1, "lost"));
  CHECK(fleet.weigh(stage.proxy(0), 2) == 200);
  CHECK(wait_until([&] { return version_of(redis, "change server video-1") == "1"; }));
  CHECK(fleet.weigh(stage.proxy(1), 3) == 200);
  CHECK(fleet.send(stage.proxy(1), "DELETE", "/servers/video-2") == 200);
  relay.mend();
  CHECK(stage.proxy(1).wait_for_log(" order_conflict what=\"change server video-1\""));
  CHECK(wait_until([&] { return !fleet.changes(stage.proxy(0))["removed"].empty(); }));
  CHECK(fleet.same_changes(stage, 2));
  CHECK(fleet.changes(stage.proxy(1)).at("server").at("video-1").at("weight") == 2);
  CHECK(counted(stage, 1, "conflict") == 1);
  CHECK(counted(stage, 0, "conflict") == 0);
  CHECK(version_of(redis, "change server video-1") == "1");
}

TEST_CASE("changes: a proxy that was away gets what it missed, whatever it had kept") {
  RedisServer redis;
  Fleet fleet;
  SetUp set_up = fleet.set_up();
  const std::string state = fleet.dir.file("state");
  REQUIRE(::mkdir(state.c_str(), 0700) == 0);
  PeerStage stage(1, redis, set_up);
  set_up.proxy_keys += "state_dir = \"" + state + "\"\n";
  const std::size_t second = stage.add(set_up);
  REQUIRE(stage.all_here(1));
  CHECK(fleet.add(stage.proxy(second)) == 201);
  CHECK(fleet.weigh(stage.proxy(second), 2) == 200);
  CHECK(wait_until([&] { return fleet.changes(stage.proxy(0)).contains("server"); }));
  CHECK(fleet.same_changes(stage, 2));
  CHECK(stage.proxy(second).stop() == Exit{0, 0});
  CHECK(fleet.send(stage.proxy(0), "DELETE", "/servers/video-9") == 200);
  CHECK(fleet.weigh(stage.proxy(0), 4) == 200);
  CHECK(wait_until([&] { return version_of(redis, "change server video-9") == "2"; }));
  ChildProcess again(program("finishline"), {"run", "-c", stage.proxy(second).config_file()});
  CHECK(wait_until([&] { return TcpPeer::can_connect(stage.proxy(second).admin_port()); }));
  CHECK(fleet.same_changes(stage, 2));
  CHECK_FALSE(fleet.changes(stage.proxy(0)).contains("added"));
  CHECK(version_of(redis, "change server video-9") == "2");
  CHECK(again.errors().find("order_conflict") == std::string::npos);
}

TEST_CASE("changes: a proxy without the pool of an added server says so once, and has it with the pool") {
  RedisServer redis;
  Fleet fleet;
  SetUp with = fleet.set_up();
  with.listeners.push_back({.name = "more", .pool = "other"});
  with.servers.push_back({.name = "other-1", .pool = "other"});
  PeerStage stage(1, redis, with);
  const std::size_t second = stage.add(fleet.set_up());
  REQUIRE(stage.all_here(1));
  CHECK(fleet.add(stage.proxy(0), "other") == 201);
  CHECK(stage.proxy(second).wait_for_log(" order_left_out what=\"change server video-9\""));
  CHECK(stage.proxy(second).log().find("there is no pool 'other'") != std::string::npos);
  CHECK(fleet.weigh(stage.proxy(0), 2) == 200);
  CHECK(wait_until([&] { return fleet.changes(stage.proxy(second)).contains("server"); }));
  CHECK_FALSE(fleet.has_server(stage.proxy(second), "video-9"));
  stage.reload(second, with);
  CHECK(wait_until([&] { return fleet.has_server(stage.proxy(second), "video-9"); }));
  CHECK(counted(stage, second, "left_out") == 1);
  CHECK(stage.proxy(second).logged(" order_left_out ") == 1);
  CHECK(version_of(redis, "change server video-9") == "1");
}

TEST_CASE(
    "changes: what cannot be carried out is left out and counted, the rest is not, and it comes later") {
  RedisServer redis;
  Fleet fleet;
  PeerStage stage(1, redis, fleet.set_up());
  SetUp narrow = fleet.set_up();
  narrow.servers.resize(1);
  const std::size_t second = stage.add(narrow);
  REQUIRE(stage.all_here(1));
  CHECK(fleet.send(stage.proxy(0), "DELETE", "/servers/video-1") == 200);
  CHECK(stage.proxy(second).wait_for_log(" order_left_out what=\"change server video-1\""));
  CHECK(counted(stage, second, "left_out") == 1);
  CHECK(fleet.has_server(stage.proxy(second), "video-1"));
  CHECK(fleet.add(stage.proxy(0)) == 201);
  CHECK(wait_until([&] { return fleet.has_server(stage.proxy(second), "video-9"); }));
  CHECK(fleet.same_changes(stage, 2));
  CHECK(fleet.changes(stage.proxy(second)).at("removed").at(0) == "video-1");
  CHECK(counted(stage, second, "left_out") == 1);
  for (const char* const field : {"change server video-1", "change server video-9"})
    CHECK(version_of(redis, field) == "1");
}

TEST_CASE("changes: what could not be carried out is not told again, and goes with all that is taken back") {
  RedisServer redis;
  Fleet fleet;
  SetUp other = fleet.set_up();
  PeerStage stage(1, redis, fleet.set_up());
  const std::string line = "change server video-9";
  const auto put = [&] {
    redis.tell(
        "HSET finishline:orders \"" + line +
        R"(" "3 proxy-9 {\"added\":{\"pool\":\"none\",\"type\":\"video\",\"address\":\"127.0.0.1:1\"}}")" +
        "\r\nPUBLISH finishline:changed x");
  };
  REQUIRE(stage.wait_for_engine(0, "connected"));
  put();
  REQUIRE(stage.proxy(0).wait_for_log(" order_left_out what=\"" + line + '"'));
  redis.kill();
  REQUIRE(stage.wait_for_engine(0, "lost"));
  redis.start();
  REQUIRE(stage.wait_for_engine(0, "connected"));
  CHECK(fleet.weigh(stage.proxy(0), 2.5) == 200);
  REQUIRE(wait_until([&] { return version_of(redis, "change server video-1") == "1"; }));
  CHECK(version_of(redis, line) == "");
  put();
  CHECK(wait_until([&] {
    fleet.send(stage.proxy(0), "DELETE", "/changes");
    return redis.text("HGET finishline:orders \"" + line + '"') == "4 proxy-0 {}";
  }));
}
