// Reloads of one of several proxies: the others hear it all the time, and it takes what is new.
#include <doctest/doctest.h>

#include <csignal>
#include <string>

#include "tests/support/client_program.h"
#include "tests/support/peer_stage.h"
#include "tests/support/processes.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

SetUp set_up(int turn = 0) {
  SetUp it{.servers = {{.name = "video-1"}, {.name = "music-1", .type = "music"}}};
  if (turn % 2 != 0) it.servers.push_back({.name = "video-2"});
  if (turn % 3 == 2) it.workers = 2;  // other workers come for this
  it.pool_keys = "check = \"off\"\neject_after = " + std::to_string(turn) + "\n";
  return it;
}

}  // namespace

TEST_CASE("ten reloads under load: the other proxy hears this one all the time, and the books end even") {
  RedisServer redis;
  PeerStage stage(2, redis, set_up());
  REQUIRE(stage.all_here(1));
  const std::string epoch = stage.first_other(1).at("epoch");
  ClientProgram a(stage.proxy(0), {"--requests", "900", "--rate", "150", "--length", "1..3"});
  ClientProgram b(stage.proxy(1), {"--requests", "900", "--rate", "150", "--length", "1..3"});
  for (int turn = 1; turn <= 10; ++turn) stage.reload(0, set_up(turn));
  a.check_perfect(900);
  b.check_perfect(900);
  CHECK(stage.first_other(1).at("epoch") == epoch);
  CHECK(stage.first_other(1).at("silences") == 0);
  CHECK(stage.first_other(0).at("silences") == 0);
  CHECK(stage.proxy(1).logged(" node_here ") == 1);
  CHECK(stage.proxy(0).logged(" peer_started ") == 1);
  CHECK(stage.proxy(0).logged(" peer_renewed ") == 0);
  CHECK(wait_until([&] { return stage.in_flight(0) == 0 && stage.in_flight(1) == 0; }));
  for (std::size_t i : {0, 1}) CHECK(unrest_at_the_end(stage.proxy(i)) == "");
}

TEST_CASE("what a proxy owes a server that a reload brings stands in the books of the other") {
  RedisServer redis;
  SetUp before{.servers = {{.name = "music-1", .type = "music"}}, .unit = "100ms"};
  PeerStage stage(2, redis, before);
  REQUIRE(stage.all_here(1));
  SetUp after = before;
  after.servers.insert(after.servers.begin(), {.name = "video-1"});
  for (std::size_t i : {0, 1}) stage.reload(i, after);
  TcpPeer client = stage.proxy(0).connect();
  client.send_frame({.type = 'V', .id = 1, .length = 5});
  CHECK(wait_until([&] { return stage.in_flight(1) == 1; }));
  CHECK(client.read_frame()->status() == proto::Status::ok);
  CHECK(wait_until([&] { return stage.in_flight(1) == 0; }));
}

TEST_CASE("what was said of a server before a reload brought it is asked for") {
  RedisServer redis;
  SetUp with{.servers = {{.name = "music-1", .type = "music"}, {.name = "video-1"}}, .unit = "100ms"};
  SetUp without = with;
  without.servers.pop_back();
  PeerStage stage(2, redis, with);
  REQUIRE(stage.all_here(1));
  stage.reload(1, without);
  TcpPeer client = stage.proxy(0).connect();
  client.send_frame({.type = 'V', .id = 1, .length = 600});  // which is not waited for
  REQUIRE(wait_until([&] { return stats_of(stage.proxy(0)).server("video-1").in_flight == 1; }));
  stage.reload(1, with);
  CHECK(wait_until([&] { return stage.in_flight(1) == 1; }));
  stage.reload(1, without);
  CHECK(wait_until([&] { return stage.in_flight(1) == 0; }));
}

TEST_CASE("the peer process begins anew where [peers] is another one, and not for how often it speaks") {
  RedisServer redis;
  PeerStage stage(2, redis, set_up());
  REQUIRE(stage.all_here(1));
  const std::string epoch = stage.first_other(1).at("epoch");
  stage.reload(0, set_up(), "sync_interval = \"5ms\"\n");
  CHECK(stage.proxy(0).logged(" peer_renewed ") == 0);
  CHECK(stage.first_other(1).at("epoch") == epoch);
  stage.reload(0, set_up(), "prefix = \"elsewhere\"\n");
  CHECK(stage.proxy(0).wait_for_log(" peer_renewed reason=\"[peers] is another one\""));
  CHECK(stage.proxy(1).wait_for_log(" node_left node=proxy-0"));
  stage.reload(1, set_up(), "prefix = \"elsewhere\"\n");
  CHECK(stage.all_here(1));
  CHECK(stage.first_other(1).at("epoch") != epoch);
}

TEST_CASE("a peer process that takes no reload is replaced by one that has it") {
  RedisServer redis;
  PeerStage stage(2, redis, set_up());
  REQUIRE(stage.all_here(1));
  for (const pid_t child : children_of(stage.proxy(0).process().pid()))
    if (proc_file(child, "comm").starts_with("fl-peer")) ::kill(child, SIGSTOP);
  stage.reload(0, set_up(1));
  CHECK(stage.proxy(0).wait_for_log(" worker_killed child=peer "));
  CHECK(stage.proxy(0).wait_for_log(" peer_started ", 2));
  CHECK(stage.all_here(1));
  stage.reload(0, set_up(2));
}

TEST_CASE("a peer process that is to end and at once to run again does both") {
  RedisServer redis;
  PeerStage stage(2, redis, set_up());
  REQUIRE(stage.all_here(1));
  ProxyUnderTest& proxy = stage.proxy(0);
  proxy.rewrite(set_up());
  proxy.process().signal(SIGHUP);
  REQUIRE(proxy.wait_for_log(" reloaded "));
  stage.reload(0, set_up());
  CHECK(proxy.wait_for_log(" peer_started ", 2));
  CHECK(stage.all_here(1));
}
