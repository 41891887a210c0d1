// What proxies hear of each other through is slow, silent, cut off from one of them, full, closed to them, or
// moves: nobody's request waits for it, it is told, and all is as before once it is over.
#include <doctest/doctest.h>

#include <sys/stat.h>

#include <memory>
#include <string>

#include "tests/support/client_program.h"
#include "tests/support/peer_stage.h"
#include "tests/support/stats.h"
#include "tests/support/tcp_relay.h"

using namespace finishline;
using namespace finishline::test;

namespace {

SetUp two_servers() { return {.servers = {{.name = "video-1"}, {.name = "music-1", .type = "music"}}}; }

/// With a token by which servers can be drained.
struct Operator {
  Operator() { ::chmod(file.c_str(), 0600); }
  SetUp set_up() const {
    SetUp it = two_servers();
    it.servers.push_back({.name = "video-2"});
    it.proxy_keys = "admin_token_file = \"" + file + "\"\n";
    return it;
  }
  static int order(const ProxyUnderTest& proxy, const std::string& state) {
    return http_put(proxy.admin_port(), "/servers/video-2/state", "{\"state\":\"" + state + "\"}",
                    "a-secret-for-this-test")
        .status;
  }
  static std::string state(const ProxyUnderTest& proxy) {
    return nlohmann::json::parse(proxy.get("/stats").body).at("servers").at(2).at("state");
  }

  TempDir dir;
  std::string file = dir.write("token", "a-secret-for-this-test\n");
};

/// Requests are answered, each right.
void serve(const ProxyUnderTest& proxy) {
  ClientProgram client(proxy, {"--requests", "60", "--concurrency", "6", "--length", "1..3"});
  client.check_perfect(60);
}

bool has_line(const ProxyUnderTest& proxy, const std::string& line) {
  return proxy.get("/metrics").body.find('\n' + line + '\n') != std::string::npos;
}

/// Log, metrics, the page's data and the command say that this one cannot hear the others, and it serves.
void check_told(PeerStage& stage, std::size_t i) {
  CHECK(stage.wait_for_engine(i, "lost"));
  CHECK(stage.proxy(i).wait_for_log(" engine_lost reason="));
  serve(stage.proxy(i));
  INFO(stage.proxy(i).log(), stage.peers(i).dump());
  CHECK(wait_until([&] { return stage.peers(i).at("sharing") == "lost"; }));
  CHECK(has_line(stage.proxy(i), "finishline_peers_connected 0"));
  CHECK_FALSE(has_line(stage.proxy(i), "finishline_peers_losses_total 0"));
  const Outcome shown = run("finishline", {"peers", "-c", stage.proxy(i).config_file()});
  CHECK(shown.output.find("requests go by this proxy's own books") != std::string::npos);
}

/// All is as before.
void check_back(PeerStage& stage, std::size_t proxies) {
  REQUIRE(stage.all_here(proxies - 1));
  for (std::size_t i = 0; i < proxies; ++i) {
    CHECK(stage.wait_for_engine(i, "connected"));
    CHECK(wait_until([&] { return stage.peers(i).at("sharing") == "rows"; }));
    CHECK(has_line(stage.proxy(i), "finishline_peers_connected 1"));
    serve(stage.proxy(i));
    CHECK(unrest_at_the_end(stage.proxy(i)) == "");
  }
}

}  // namespace

TEST_CASE("loss: a redis that is slow, but not for longer than the silence, is told of and believed") {
  RedisServer redis;
  TcpRelay relay(redis.port());
  PeerStage stage({relay.url(), relay.url()}, two_servers());
  REQUIRE(stage.all_here(1));
  relay.delay(100ms);
  CHECK(wait_until([&] { return stage.peers(0).at("engine").at("lag_ms") >= 100; }));
  serve(stage.proxy(0));
  relay.mend();
  CHECK(wait_until([&] { return stage.peers(0).at("engine").at("lag_ms") < 100; }));
  check_back(stage, 2);
}

TEST_CASE("loss: a redis that is slower than the silence counts as lost, until it is faster") {
  RedisServer redis;
  TcpRelay relay(redis.port());
  PeerStage stage({relay.url(), redis.url()}, two_servers());
  REQUIRE(stage.all_here(1));
  relay.delay(3s);
  check_told(stage, 0);
  CHECK(wait_until([&] { return stage.here(1) == 0; }));
  serve(stage.proxy(1));
  relay.mend();
  check_back(stage, 2);
}

TEST_CASE("loss: a redis that dribbles is lost again and again, and nothing piles up for it") {
  RedisServer redis;
  TcpRelay relay(redis.port());
  PeerStage stage({relay.url(), redis.url()}, two_servers());
  REQUIRE(stage.all_here(1));
  ClientProgram load(stage.proxy(0), {"--requests", "600", "--rate", "200", "--length", "1..3"});
  relay.narrow(1);
  check_told(stage, 0);
  load.check_perfect(600);
  relay.mend();
  check_back(stage, 2);
}

TEST_CASE("loss: connections that are half open are found, and one alert says so") {
  RedisServer redis;
  TcpRelay relay(redis.port());
  PeerStage stage({relay.url(), relay.url()}, two_servers());
  REQUIRE(stage.all_here(1));
  relay.hang();
  for (std::size_t i : {0, 1}) check_told(stage, i);
  CHECK(stage.proxy(0).wait_for_log(" alert_firing alert=peers_lost:redis "));
  relay.mend();
  check_back(stage, 2);
  CHECK(stage.proxy(0).wait_for_log(" alert_resolved alert=peers_lost:redis "));
}

TEST_CASE("loss: one of three proxies is cut off: the two go on as one, it by its own books") {
  RedisServer redis;
  TcpRelay relay(redis.port());
  PeerStage stage({redis.url(), redis.url(), relay.url()}, two_servers());
  REQUIRE(stage.all_here(2));
  relay.hang();
  check_told(stage, 2);
  CHECK(wait_until([&] { return stage.here(0) == 1 && stage.here(1) == 1 && stage.here(2) == 0; }));
  for (std::size_t i : {0, 1}) {
    serve(stage.proxy(i));
    CHECK(stage.engine(i) == "connected");
    CHECK(stage.proxy(i).logged(" node_silent node=proxy-2") == 1);
  }
  relay.mend();
  check_back(stage, 3);
}

TEST_CASE("loss: what is ordered on both sides of a partition is decided, and told, when it is over") {
  RedisServer redis;
  TcpRelay relay(redis.port());
  const Operator by;
  PeerStage stage({redis.url(), relay.url()}, by.set_up());
  REQUIRE(stage.all_here(1));
  relay.hang();
  CHECK(stage.wait_for_engine(1, "lost"));
  CHECK(by.order(stage.proxy(0), "drain") == 200);
  CHECK(wait_until([&] { return redis.tell("HLEN finishline:orders") == ":1"; }));
  CHECK(by.order(stage.proxy(1), "drain") == 200);
  CHECK(by.order(stage.proxy(1), "ready") == 200);
  relay.mend();
  CHECK(stage.all_here(1));
  CHECK(wait_until([&] { return by.state(stage.proxy(1)) == by.state(stage.proxy(0)); }));
}

TEST_CASE("loss: a full memory keeps no orders, which is told, and takes them once there is room") {
  RedisServer redis({"--maxmemory", "1", "--maxmemory-policy", "noeviction"});
  const Operator by;
  PeerStage stage(2, redis, by.set_up());
  REQUIRE(stage.all_here(1));
  CHECK(by.order(stage.proxy(0), "drain") == 200);
  CHECK(stage.proxy(0).wait_for_log(" orders_refused reason="));
  CHECK(stage.engine(0) == "connected");
  CHECK(by.state(stage.proxy(1)) == "up");
  for (std::size_t i : {0, 1}) serve(stage.proxy(i));
  CHECK(redis.tell("CONFIG SET maxmemory 0") == "+OK");
  CHECK(wait_until([&] { return by.state(stage.proxy(1)) == "draining"; }));
}

TEST_CASE("loss: a password that is changed under way closes redis, and the right one opens it") {
  RedisServer redis;
  PeerStage stage(2, redis, two_servers());
  REQUIRE(stage.all_here(1));
  CHECK(redis.tell("CONFIG SET requirepass secret") == "+OK");
  redis.kill_clients("secret");
  for (std::size_t i : {0, 1}) {
    check_told(stage, i);
    CHECK(wait_until([&] {
      return stage.peers(i).at("engine").at("reason").get<std::string>().find("NOAUTH") != std::string::npos;
    }));
  }
  CHECK(redis.tell("AUTH secret\r\nCONFIG SET requirepass \"\"") == "+OK");
  check_back(stage, 2);
}

TEST_CASE("loss: a redis that comes back with nothing is told again what was ordered") {
  RedisServer redis;
  const Operator by;
  PeerStage stage(2, redis, by.set_up());
  REQUIRE(stage.all_here(1));
  CHECK(by.order(stage.proxy(0), "drain") == 200);
  CHECK(wait_until([&] { return by.state(stage.proxy(1)) == "draining"; }));
  redis.kill();
  for (std::size_t i : {0, 1}) check_told(stage, i);
  redis.start();
  check_back(stage, 2);
  CHECK(wait_until([&] { return redis.tell("HLEN finishline:orders") == ":1"; }));
  const std::size_t third = stage.add();
  CHECK(wait_until([&] { return by.state(stage.proxy(third)) == "draining"; }));
  CHECK(stage.proxy(0).logged(" order_conflict ") == 0);
}

TEST_CASE("loss: a master that becomes a replica is left for the one in its place, by all proxies") {
  RedisServer first;
  RedisServer second({"--replicaof", "127.0.0.1 " + std::to_string(first.port())});
  const std::string both = first.url() + ", " + second.url();
  PeerStage stage({both, both}, two_servers());
  REQUIRE(stage.all_here(1));
  CHECK(second.tell("REPLICAOF NO ONE") == "+OK");
  CHECK(first.tell("REPLICAOF 127.0.0.1 " + std::to_string(second.port())) == "+OK");
  for (std::size_t i : {0, 1}) {
    CHECK(stage.proxy(i).wait_for_log(" engine_connected redis=127.0.0.1:" + std::to_string(second.port())));
    CHECK(stage.proxy(i).logged("is no master any more") >= 1);
    serve(stage.proxy(i));
  }
  check_back(stage, 2);
}

TEST_CASE("loss: a master that dies is followed by its replica once that is a master, for all proxies") {
  RedisServer first;
  RedisServer second({"--replicaof", "127.0.0.1 " + std::to_string(first.port())});
  const std::string both = first.url() + ", " + second.url();
  const Operator by;
  PeerStage stage({both, both}, by.set_up());
  REQUIRE(stage.all_here(1));
  CHECK(by.order(stage.proxy(0), "drain") == 200);
  CHECK(wait_until([&] { return second.tell("HLEN finishline:orders") == ":1"; }));
  first.kill();
  for (std::size_t i : {0, 1}) check_told(stage, i);
  CHECK(second.tell("REPLICAOF NO ONE") == "+OK");
  check_back(stage, 2);
  const std::size_t third = stage.add();
  CHECK(wait_until([&] { return by.state(stage.proxy(third)) == "draining"; }));
}

TEST_CASE("loss: a redis whose name has no address is lost, and that is told") {
  PeerStage stage({"redis://redis.invalid:6379"}, two_servers());
  CHECK(stage.wait_for_engine(0, "lost"));
  CHECK(stage.peers(0).at("engine").at("reason").get<std::string>().find("redis.invalid") !=
        std::string::npos);
  CHECK(has_line(stage.proxy(0), "finishline_peers_connected 0"));
  CHECK(stage.proxy(0).wait_for_log(" alert_firing alert=peers_lost:redis "));
  serve(stage.proxy(0));
}

TEST_CASE("loss: a redis that speaks no TLS, and is to, is told of so") {
  RedisServer redis;
  PeerStage stage({"rediss" + redis.url().substr(5)}, two_servers(), "tls_verify = false\n");
  CHECK(stage.proxy(0).wait_for_log("does not answer the TLS handshake: perhaps it speaks no TLS"));
}
