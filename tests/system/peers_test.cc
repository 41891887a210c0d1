// Several proxies before the same servers: what they know of each other, and that nobody waits for that.
#include <doctest/doctest.h>

#include <sys/stat.h>

#include <csignal>
#include <memory>
#include <string>

#include "tests/support/certificates.h"
#include "tests/support/client_program.h"
#include "tests/support/peer_stage.h"
#include "tests/support/processes.h"
#include "tests/support/sentinel.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

SetUp two_servers() { return {.servers = {{.name = "video-1"}, {.name = "music-1", .type = "music"}}}; }
SetUp slow_server() { return {.servers = {{.name = "video-1"}}, .unit = "100ms"}; }

pid_t child_named(ProxyUnderTest& proxy, const std::string& title) {
  for (const pid_t child : children_of(proxy.process().pid()))
    if (proc_file(child, "comm").starts_with(title)) return child;
  return -1;
}

/// Requests that are answered while something is wrong with what proxies hear of each other.
void serve(ProxyUnderTest& proxy, int requests = 60) {
  ClientProgram client(proxy,
                       {"--requests", std::to_string(requests), "--concurrency", "6", "--length", "1..3"});
  client.check_perfect(requests);
}

}  // namespace

TEST_CASE("what one proxy owes stands in the books of the other, and goes when it is done") {
  RedisServer redis;
  PeerStage stage(2, redis, slow_server());
  REQUIRE(stage.all_here(1));
  TcpPeer client = stage.proxy(0).connect();
  client.send_frame({.type = 'V', .id = 1, .length = 10});
  CHECK(wait_until([&] { return stage.in_flight(1) == 1; }));
  const auto peers = stage.peers(1);
  CHECK(wait_until([&] { return stage.peers(1).at("sharing") == "rows"; }));
  CHECK(peers.at("nodes").at(0).at("owed_ms").get<double>() == doctest::Approx(1000).epsilon(0.1));
  CHECK(client.read_frame()->status() == proto::Status::ok);
  CHECK(wait_until([&] { return stage.in_flight(1) == 0; }));
}

TEST_CASE("a request goes where no other proxy's work is in the way") {
  RedisServer redis;
  PeerStage stage(2, redis, {.servers = {{.name = "video-1"}, {.name = "video-2"}}, .unit = "100ms"});
  REQUIRE(stage.all_here(1));
  TcpPeer first = stage.proxy(0).connect(), second = stage.proxy(1).connect();
  first.send_frame({.type = 'V', .id = 1, .length = 10});
  REQUIRE(wait_until([&] { return stage.in_flight(1) == 1; }));
  second.send_frame({.type = 'V', .id = 1, .length = 10});
  CHECK(second.read_frame()->status() == proto::Status::ok);
  CHECK(first.read_frame()->status() == proto::Status::ok);
  CHECK(stats_of(stage.proxy(0)).server("video-1").sent + stats_of(stage.proxy(1)).server("video-1").sent ==
        1);
}

TEST_CASE("a proxy that is killed is taken out, with all that it owed") {
  RedisServer redis;
  PeerStage stage(2, redis, slow_server());
  REQUIRE(stage.all_here(1));
  TcpPeer client = stage.proxy(1).connect();
  client.send_frame({.type = 'V', .id = 1, .length = 5});
  REQUIRE(wait_until([&] { return stage.in_flight(0) == 1; }));
  stage.remove(1);
  CHECK(wait_until([&] { return stage.here(0) == 0 && stage.in_flight(0) == 0; }));
  CHECK(stage.proxy(0).logged("node_silent") >= 1);
  CHECK(stage.proxy(0).get("/metrics").body.find("finishline_peer_here{peer=\"proxy-1\"} 0") !=
        std::string::npos);
}

TEST_CASE("a proxy that ends says so, and one that comes again begins anew") {
  RedisServer redis;
  PeerStage stage(2, redis, two_servers());
  REQUIRE(stage.all_here(1));
  stage.proxy(1).stop();
  CHECK(stage.proxy(0).wait_for_log("node_left node=proxy-1"));
  CHECK(stage.proxy(0).logged("node_silent") == 0);
  CHECK(stage.peers(0).at("nodes").at(0).at("state") == "left");
}

TEST_CASE("redis is killed and comes back with nothing: requests go on all the time, and so do the books") {
  RedisServer redis;
  PeerStage stage(2, redis, two_servers());
  REQUIRE(stage.all_here(1));
  redis.kill();
  CHECK(stage.wait_for_engine(0, "lost"));
  CHECK(stage.proxy(0).wait_for_log("engine_lost"));
  CHECK(wait_until([&] { return stage.peers(0).at("sharing") == "lost"; }));
  serve(stage.proxy(0));
  serve(stage.proxy(1));
  redis.start();
  CHECK(stage.wait_for_engine(0, "connected"));
  CHECK(stage.all_here(1));
  CHECK(stage.peers(0).at("engine").at("losses") >= 1);
  CHECK(unrest_at_the_end(stage.proxy(0)) == "");
}

TEST_CASE("a redis that hangs with its connections open counts as lost, until it answers again") {
  RedisServer redis;
  PeerStage stage(2, redis, two_servers());
  REQUIRE(stage.all_here(1));
  redis.pause();
  CHECK(stage.wait_for_engine(1, "lost"));
  CHECK(wait_until([&] { return stage.here(1) == 0; }));
  serve(stage.proxy(1));
  redis.resume();
  CHECK(stage.wait_for_engine(1, "connected"));
  CHECK(stage.all_here(1));
}

TEST_CASE("with a wrong password nobody is heard, and it is said why; with the right one all is well") {
  RedisServer redis({"--requirepass", "right"});
  const std::string file = redis.dir().write("password", "wrong\n");
  ::chmod(file.c_str(), 0600);
  PeerStage stage(2, redis, two_servers(), "password_file = \"" + file + "\"\n");
  CHECK(stage.proxy(0).wait_for_log("engine_lost"));
  CHECK(wait_until([&] {
    return stage.peers(0).at("engine").at("reason").get<std::string>().find("WRONGPASS") != std::string::npos;
  }));
  serve(stage.proxy(0));
  redis.dir().write("password", "right\n");
  for (std::size_t i : {0, 1}) stage.proxy(i).process().signal(SIGHUP);
  CHECK(stage.all_here(1));
}

TEST_CASE("over TLS both sides show certificates, and a redis with somebody else's is not believed") {
  TempDir files;
  TestAuthority authority, stranger;
  const auto keep = [&](const std::string& name, const CertificatePair& pair) {
    files.write(name + ".key", pair.key);
    return files.write(name + ".pem", pair.certificate);
  };
  const std::string ca = files.write("ca.pem", authority.pem());
  const std::string other_ca = files.write("other.pem", stranger.pem());
  const std::string server = keep("redis", authority.issue({.names = {"IP:127.0.0.1"}}));
  const std::string own = keep("proxy", authority.issue({.common_name = "proxy"}));
  RedisServer redis({"--tls-cert-file", server, "--tls-key-file", files.file("redis.key"),
                     "--tls-ca-cert-file", ca, "--tls-auth-clients", "yes"});
  const std::string shown =
      "tls_certificate = \"" + own + "\"\ntls_key = \"" + files.file("proxy.key") + "\"\n";
  PeerStage stage(2, redis, two_servers(), "tls_ca = \"" + ca + "\"\n" + shown);
  REQUIRE(stage.all_here(1));
  serve(stage.proxy(0));
  redis.kill();
  CHECK(stage.wait_for_engine(0, "lost"));
  redis.start();
  CHECK(stage.all_here(1));
  PeerStage doubter(1, redis, two_servers(), "tls_ca = \"" + other_ca + "\"\n" + shown);
  CHECK(doubter.proxy(0).wait_for_log("certificate"));
  CHECK(doubter.engine(0) == "lost");
  serve(doubter.proxy(0));
}

TEST_CASE("a redis whose memory is full carries reports all the same") {
  RedisServer redis({"--maxmemory", "1", "--maxmemory-policy", "noeviction"});
  PeerStage stage(2, redis, two_servers());
  CHECK(stage.all_here(1));
  serve(stage.proxy(0));
}

TEST_CASE("of several addresses the one that leads to a master is taken") {
  RedisServer master;
  RedisServer replica({"--replicaof", "127.0.0.1 " + std::to_string(master.port())});
  SetUp set_up = two_servers();
  set_up.sections = "[peers]\nname = \"one\"\nredis = \"" + replica.url() + ", " + master.url() + "\"\n";
  ProxyUnderTest proxy(set_up);
  CHECK(proxy.wait_for_log("engine_connected redis=127.0.0.1:" + std::to_string(master.port())));
  CHECK(proxy.logged("is no master") == 1);
}

TEST_CASE("sentinels are asked where the master is, and again when another one has become it") {
  auto master = std::make_unique<RedisServer>();
  RedisServer replica({"--replicaof", "127.0.0.1 " + std::to_string(master->port())});
  const Sentinel sentinel("main", *master);
  SetUp set_up = two_servers();
  set_up.sections = "[peers]\nname = \"one\"\nredis = \"" + sentinel.url() +
                    "\"\nsentinel_master = \"main\"\nsilence = \"1s\"\n";
  ProxyUnderTest proxy(set_up);
  CHECK(proxy.wait_for_log("engine_connected redis=127.0.0.1:" + std::to_string(master->port())));
  REQUIRE(wait_until([&] { return sentinel.knows_replica(replica); }));
  master->kill();
  CHECK(proxy.wait_for_log("engine_lost"));
  serve(proxy);
  CHECK(proxy.wait_for_log("engine_connected redis=127.0.0.1:" + std::to_string(replica.port())));
}

TEST_CASE("the peer process is killed: nobody notices but the log, and it is back") {
  RedisServer redis;
  PeerStage stage(2, redis, two_servers());
  REQUIRE(stage.all_here(1));
  ::kill(child_named(stage.proxy(0), "fl-peer"), SIGKILL);
  serve(stage.proxy(0));
  CHECK(stage.proxy(0).wait_for_log("peer_died"));
  CHECK(stage.proxy(0).wait_for_log("peer_started", 2));
  CHECK(stage.all_here(1));
}

TEST_CASE("a peer process that hangs is taken for what it is, on both sides") {
  RedisServer redis;
  PeerStage stage(2, redis, two_servers());
  REQUIRE(stage.all_here(1));
  const pid_t peer = child_named(stage.proxy(0), "fl-peer");
  ::kill(peer, SIGSTOP);
  CHECK(wait_until([&] { return stage.here(1) == 0; }));
  CHECK(stage.wait_for_engine(0, "lost"));
  CHECK(stage.here(0) == 0);
  serve(stage.proxy(0));
  ::kill(peer, SIGCONT);
  CHECK(stage.all_here(1));
  CHECK(stage.wait_for_engine(0, "connected"));
}

TEST_CASE("a drained server and a policy hold at all proxies, also at one that comes later") {
  RedisServer redis;
  SetUp set_up = two_servers();
  set_up.servers.push_back({.name = "video-2"});
  const TempDir dir;
  const std::string token = dir.write("token", "a-secret-for-this-test\n");
  ::chmod(token.c_str(), 0600);
  set_up.proxy_keys = "admin_token_file = \"" + token + "\"\n";
  PeerStage stage(2, redis, set_up);
  REQUIRE(stage.all_here(1));
  const auto state = [&](std::size_t i) {
    return nlohmann::json::parse(stage.proxy(i).get("/stats").body).at("servers").at(2).at("state");
  };
  const auto policy = [&](std::size_t i) {
    return nlohmann::json::parse(stage.proxy(i).get("/pools/media/policy").body).at("chosen");
  };
  const auto drain = [&](std::size_t i, const std::string& wanted) {
    return http_put(stage.proxy(i).admin_port(), "/servers/video-2/state", "{\"state\":\"" + wanted + "\"}",
                    "a-secret-for-this-test")
        .status;
  };
  CHECK(drain(0, "drain") == 200);
  CHECK(http_put(stage.proxy(1).admin_port(), "/pools/media/policy", R"({"policy":"regret"})",
                 "a-secret-for-this-test")
            .status == 200);
  CHECK(wait_until([&] { return state(1) == "draining" && policy(0) == "regret"; }));
  CHECK(
      stage.proxy(1).wait_for_log("order_adopted what=\"server video-2\" value=drain by=proxy-0 version=1"));
  const std::size_t third = stage.add();
  CHECK(wait_until([&] { return state(third) == "draining" && policy(third) == "regret"; }));
  CHECK(drain(third, "ready") == 200);
  CHECK(wait_until([&] { return state(0) == "up" && state(1) == "up"; }));
}

TEST_CASE("a reload brings proxies together, and takes one out again") {
  RedisServer redis;
  PeerStage stage(1, redis, two_servers());
  ProxyUnderTest alone([&] {
    SetUp set_up = two_servers();
    for (ServerPart& server : set_up.servers) {
      server.at = stage.proxy(0).server_port(server.name);
      server.played = Played::by_nobody;
    }
    return set_up;
  }());
  SetUp with = two_servers();
  for (ServerPart& server : with.servers) {
    server.at = stage.proxy(0).server_port(server.name);
    server.played = Played::by_nobody;
  }
  const SetUp without = with;
  with.sections = "[peers]\nname = \"other\"\nredis = \"" + redis.url() + "\"\n";
  alone.rewrite(with);
  alone.process().signal(SIGHUP);
  CHECK(stage.all_here(1));
  alone.rewrite(without);
  alone.process().signal(SIGHUP);
  CHECK(stage.proxy(0).wait_for_log("node_left node=other"));
  CHECK(alone.wait_for_log("reloaded", 2));
  CHECK(wait_until(
      [&] { return alone.get("/api/v1/peers").body.find("\"state\":\"off\"") != std::string::npos; }));
}

TEST_CASE("books agree over two proxies once a crowd has gone") {
  RedisServer redis;
  PeerStage stage(2, redis, two_servers());
  REQUIRE(stage.all_here(1));
  ClientProgram a(stage.proxy(0), {"--requests", "400", "--concurrency", "20", "--length", "1..3"});
  ClientProgram b(stage.proxy(1), {"--requests", "400", "--concurrency", "20", "--length", "1..3"});
  a.check_perfect(400);
  b.check_perfect(400);
  CHECK(wait_until([&] { return stage.in_flight(0) == 0 && stage.in_flight(1) == 0; }));
  for (std::size_t i : {0, 1}) CHECK(unrest_at_the_end(stage.proxy(i)) == "");
  const Outcome shown = run("finishline", {"peers", "-c", stage.proxy(0).config_file()});
  CHECK(shown.exit == Exit{0, 0});
  CHECK(shown.output.find("requests go by the books of 2 proxies") != std::string::npos);
}
