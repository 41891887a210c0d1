// The configuration changes under load: no request fails, no connection is refused, no frame is broken; and a
// bad file changes nothing.
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "tests/support/client_program.h"
#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

SetUp two_servers() {
  return {.servers = {{.name = "video-1"}, {.name = "music-1", .type = "music"}}, .workers = 2};
}

std::vector<std::string> load(int requests) {
  return {"--requests",    std::to_string(requests),
          "--length",      "1..3",
          "--concurrency", "8",
          "--pipeline",    "4",
          "--body",        "200"};
}

void wait_until_answered(const ProxyUnderTest& proxy, std::int64_t requests) {
  REQUIRE(wait_until([&] { return stats_of(proxy).answered >= requests; }));
}

/// Rewrites, tells, and waits until the `nth` reload is in force.
void reload(ProxyUnderTest& proxy, const SetUp& set_up, std::size_t nth) {
  proxy.rewrite(set_up);
  proxy.process().signal(SIGHUP);
  REQUIRE_MESSAGE(proxy.wait_for_log(" reloaded ", nth), proxy.log());
}

std::vector<pid_t> running_workers(const ProxyUnderTest& proxy) {
  std::vector<pid_t> pids;
  for (const Stats::Worker& worker : stats_of(proxy).workers) {
    if (worker.state == "running") pids.push_back(worker.pid);
  }
  return pids;
}

}  // namespace

TEST_CASE("a server is added and another one removed under load: no request fails, the workers stay") {
  ProxyUnderTest proxy(two_servers());
  const auto workers = proxy.worker_pids();
  ClientProgram client(proxy, load(2500));
  wait_until_answered(proxy, 200);

  SetUp more = two_servers();
  more.servers.push_back({.name = "video-2"});
  reload(proxy, more, 1);
  CHECK(wait_until([&] { return stats_of(proxy).server("video-2").done > 20; }));

  more.servers.erase(more.servers.begin());
  reload(proxy, more, 2);
  CHECK(wait_until([&] { return stats_of(proxy).server("video-1").in_flight == 0; }));
  const std::int64_t sent = stats_of(proxy).server("video-1").sent;
  client.check_perfect(2500);

  CHECK(stats_of(proxy).server("video-1").sent == sent);
  CHECK(stats_of(proxy).server("video-1").links_up == 0);
  CHECK(proxy.worker_pids() == workers);
  CHECK(running_workers(proxy) == workers);
  CHECK(proxy.logged(" listening ") == 2);
  CHECK(unrest_at_the_end(proxy) == "");
  CHECK(proxy.stop() == Exit{0, 0});
}

TEST_CASE("all servers are exchanged at once: nothing is unserved in between, open requests are finished") {
  ProxyUnderTest proxy({.servers = {{.name = "old"}}, .workers = 1});
  TcpPeer client = proxy.connect();
  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 300}));
  REQUIRE(wait_until([&] { return stats_of(proxy).server("old").in_flight == 1; }));
  reload(proxy, {.servers = {{.name = "new"}}, .workers = 1}, 1);
  REQUIRE(client.send_frame({.type = 'V', .id = 2, .length = 1}));
  for (const std::uint64_t id : {2, 1}) {
    const auto reply = client.read_frame();
    REQUIRE(reply);
    CHECK(reply->header.id == id);
    CHECK(reply->status() == proto::Status::ok);
  }
  CHECK(unrest_at_the_end(proxy) == "");
  CHECK(wait_until([&] { return stats_of(proxy).server("old").links_up == 0; }));
}

TEST_CASE("what a worker was told by a reload its successor knows") {
  ProxyUnderTest proxy({.servers = {{.name = "old"}}, .workers = 1});
  reload(proxy, {.servers = {{.name = "new"}}, .workers = 1}, 1);
  const pid_t victim = proxy.worker_pids().at(0);
  ::kill(victim, SIGKILL);
  REQUIRE(wait_until([&] { return proxy.worker_pids().at(0) != victim; }));
  TcpPeer client = proxy.connect();
  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 1}));
  CHECK(client.read_frame()->status() == proto::Status::ok);
  CHECK(stats_of(proxy).server("new").done == 1);
}

TEST_CASE("a listener is added and another one removed under load: no connection is refused, none lost") {
  SetUp before = two_servers();
  before.listeners = {{}, {.name = "going"}};
  ProxyUnderTest proxy(before);
  const auto old_workers = proxy.worker_pids();
  ClientProgram client(proxy, load(2500));
  wait_until_answered(proxy, 200);
  for (const pid_t worker : old_workers) ::kill(worker, SIGSTOP);  // so that these wait in the kernel
  std::vector<TcpPeer> late;
  for (int i = 0; i < 5; ++i) late.push_back(proxy.connect("going"));

  SetUp after = two_servers();
  after.listeners = {{}, {.name = "coming", .mode = "mini"}};
  proxy.rewrite(after);
  proxy.process().signal(SIGHUP);
  REQUIRE_MESSAGE(proxy.wait_for_log(" reloaded "), proxy.log());
  for (const pid_t worker : old_workers) ::kill(worker, SIGCONT);
  for (TcpPeer& peer : late) {
    const auto farewell = peer.read_frame();
    REQUIRE(farewell);
    CHECK(farewell->header.kind == proto::Kind::goaway);
  }
  TcpPeer mini = proxy.connect("coming");
  REQUIRE(mini.send("V1"));
  CHECK(mini.read(2) == "V1");
  client.check_perfect(2500);
  late.clear();

  CHECK(proxy.wait_for_log(" worker_drained ", 2));
  CHECK(wait_until([&] { return all_gone(old_workers); }));
  CHECK_FALSE(TcpPeer::can_connect(proxy.port("going")));
  CHECK(unrest_at_the_end(proxy) == "");
  CHECK(proxy.stop() == Exit{0, 0});
}

TEST_CASE("a bad new configuration changes nothing, and every mistake is told") {
  ProxyUnderTest proxy(two_servers());
  REQUIRE(proxy.wait_for_log(" admin_listening "));  // by the last child to be forked
  const auto children = children_of(proxy.process().pid());
  TcpPeer client = proxy.connect();
  SetUp bad = two_servers();
  bad.policy = "makespam";
  bad.servers[1].keys = "sped = 2\n";
  proxy.rewrite(bad);
  proxy.process().signal(SIGHUP);
  REQUIRE(proxy.wait_for_log(" reload_refused ", 2));
  CHECK(proxy.log().find("sped: unknown key; did you mean 'speed'?") != std::string::npos);
  CHECK(proxy.log().find("unknown policy 'makespam'") != std::string::npos);

  const TcpHost other;  // has the address that a listener is to have now
  SetUp taken = two_servers();
  taken.listeners.push_back({.name = "second", .bind = "127.0.0.1:" + std::to_string(other.port())});
  proxy.rewrite(taken);
  proxy.process().signal(SIGHUP);
  REQUIRE(proxy.wait_for_log("listener 'second' cannot bind"));

  SetUp fixed = two_servers();
  fixed.proxy_keys = "max_servers = 2000\n";
  proxy.rewrite(fixed);
  proxy.process().signal(SIGHUP);
  REQUIRE(
      proxy.wait_for_log("proxy.max_servers: is 1024 in the proxy that runs, and a reload cannot make it "
                         "2000; restart the proxy"));

  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 1}));
  CHECK(client.read_frame()->status() == proto::Status::ok);
  CHECK(wait_until([&] { return children_of(proxy.process().pid()) == children; }));
  CHECK(proxy.logged(" reloaded ") == 0);
}

TEST_CASE("finishline reload waits for the outcome, and says why when there is none") {
  const TempDir dir;
  const std::string token = dir.write("token", "a-secret-for-this-test");
  std::filesystem::permissions(token, std::filesystem::perms::owner_read);
  SetUp set_up = two_servers();
  set_up.proxy_keys = "admin_token_file = \"" + token + "\"\n";
  ProxyUnderTest proxy(set_up);
  const auto reload_by_command = [&] { return run("finishline", {"reload", "-c", proxy.config_file()}); };
  REQUIRE(wait_until([&] { return http_get(proxy.admin_port(), "/stats").status == 200; }));

  set_up.servers.push_back({.name = "video-2"});
  proxy.rewrite(set_up);
  const Outcome good = reload_by_command();
  CHECK(good.exit == Exit{0, 0});
  CHECK(good.output == "revision 2 is in force, read from " + proxy.config_file() + "\n");
  CHECK(good.errors == "");
  CHECK(stats_of(proxy).server("video-2").links_up == 2);

  set_up.proxy_keys += "max_servers = 2000\n";
  proxy.rewrite(set_up);
  const Outcome refused = reload_by_command();
  CHECK(refused.exit == Exit{1, 0});
  CHECK(refused.errors.find("proxy.max_servers: is 1024 in the proxy that runs, and a reload cannot make it "
                            "2000") != std::string::npos);
  CHECK(std::regex_search(refused.errors, std::regex(R"(\.toml:\d+:\d+: proxy\.max_servers: )")));

  std::ofstream(proxy.config_file(), std::ios::app) << "[no_such_section]\n";
  CHECK(reload_by_command().exit == Exit{2, 0});
  CHECK(http_put(proxy.admin_port(), "/reload", "", "another secret").status == 401);
  CHECK(http_get(proxy.admin_port(), "/metrics").body.find("finishline_config_revision 2") !=
        std::string::npos);
}

TEST_CASE("finishline reload warns of a file that the proxy does not read") {
  const TempDir dir;
  const std::string token = dir.write("token", "a-secret-for-this-test");
  std::filesystem::permissions(token, std::filesystem::perms::owner_read);
  SetUp set_up = two_servers();
  set_up.proxy_keys = "admin_token_file = \"" + token + "\"\n";
  ProxyUnderTest proxy(set_up);
  REQUIRE(wait_until([&] { return http_get(proxy.admin_port(), "/stats").status == 200; }));
  std::filesystem::copy(proxy.config_file(), dir.file("other.toml"));
  const Outcome outcome = run("finishline", {"reload", "-c", dir.file("other.toml")});
  CHECK(outcome.exit == Exit{0, 0});
  CHECK(outcome.errors == "finishline: warning: the proxy reads " + proxy.config_file() +
                              ", which it was started with, not " + dir.file("other.toml") + "\n");
}

TEST_CASE("finishline reload does not take the success of another reload for its own") {
  const TempDir dir;
  const std::string token = dir.write("token", "a-secret-for-this-test");
  std::filesystem::permissions(token, std::filesystem::perms::owner_read);
  SetUp set_up = two_servers();
  set_up.proxy_keys = "admin_token_file = \"" + token + "\"\n";
  ProxyUnderTest proxy(set_up);
  REQUIRE(wait_until([&] { return http_get(proxy.admin_port(), "/stats").status == 200; }));
  const auto workers = proxy.worker_pids();

  for (const pid_t worker : workers) ::kill(worker, SIGSTOP);  // so that the first is under way for long
  set_up.servers.push_back({.name = "video-2"});
  proxy.rewrite(set_up);
  proxy.process().signal(SIGHUP);
  REQUIRE(wait_until(
      [&] { return proxy.get("/stats").body.find("video-2") != std::string::npos; }));  // it is read

  set_up.proxy_keys += "max_servers = 2000\n";
  proxy.rewrite(set_up);
  ChildProcess second(program("finishline"), {"reload", "-c", proxy.config_file()});
  REQUIRE(wait_until([&] {
    return http_get(proxy.admin_port(), "/reload").body.find("\"asked\":1,") != std::string::npos;
  }));
  for (const pid_t worker : workers) ::kill(worker, SIGCONT);

  CHECK(second.wait() == Exit{1, 0});
  CHECK(second.errors().find("proxy.max_servers: is 1024") != std::string::npos);
  CHECK(proxy.logged(" reloaded ") == 1);
}
