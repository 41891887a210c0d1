// A worker, or the control process, is killed at any moment: nothing that may be done twice is lost, the
// books are exact again, a successor serves.
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include "tests/support/client_program.h"
#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

SetUp three_servers(std::uint32_t workers) {
  return {.servers = {{.name = "video-1"}, {.name = "video-2"}, {.name = "music-1", .type = "music"}},
          .workers = workers};
}

void wait_until_answered(const ProxyUnderTest& proxy, std::int64_t requests) {
  REQUIRE(wait_until([&] { return stats_of(proxy).answered >= requests; }));
}

}  // namespace

TEST_CASE("what a server still does for a worker that died keeps others from it") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}, {.name = "video-2"}},
                        .unit = "10ms",
                        .pool_keys = "check_interval = \"100ms\"\n"});
  TcpPeer lost = proxy.connect();
  REQUIRE(lost.send_frame({.type = 'V', .id = 1, .length = 1000}));
  const auto works = [&](const char* server) { return stats_of(proxy).server(server).in_flight == 1; };
  REQUIRE(wait_until([&] { return works("video-1") || works("video-2"); }));
  const std::string busy = works("video-1") ? "video-1" : "video-2";
  ::kill(proxy.worker_pids().at(0), SIGKILL);
  CHECK(wait_until([&] {  // its booking is gone, and a check has told of the work
    const Stats::Server server = stats_of(proxy).server(busy);
    return server.in_flight == 0 && server.finish_ms > 5000;
  }));
  ClientProgram client(proxy,
                       {"--requests", "40", "--concurrency", "4", "--mix", "video=1", "--length", "1..3"});
  client.check_perfect(40);
  CHECK(stats_of(proxy).server(busy).sent == 1);
}

TEST_CASE("a worker is killed in mid-burst: nothing is lost, the books are exact, a successor serves") {
  ProxyUnderTest proxy(three_servers(2));
  ClientProgram client(proxy, {"--requests", "3000", "--length", "1..3", "--concurrency", "16", "--pipeline",
                               "8", "--body", "200"});
  for (std::int64_t kill = 1; kill <= 2; ++kill) {
    wait_until_answered(proxy, kill * 600);
    const pid_t victim = proxy.worker_pids().at(0);
    ::kill(victim, SIGKILL);
    REQUIRE(wait_until([&] { return proxy.worker_pids().at(0) != victim; }));
  }
  client.check_perfect(3000);
  CHECK(proxy.logged(" worker_died ") == 2);
  CHECK(unrest_at_the_end(proxy) == "");

  const Stats stats = stats_of(proxy);
  CHECK(stats.abandoned > 0);
  CHECK(stats.workers.at(0).state == "running");
  CHECK(stats.workers.at(0).starts == 3);
  CHECK(proxy.stop() == Exit{0, 0});
}

TEST_CASE("the only worker is killed: connections that wait in the kernel are taken by its successor") {
  ProxyUnderTest proxy(three_servers(1));
  const pid_t victim = proxy.worker_pids().at(0);
  ::kill(victim, SIGSTOP);  // so that it takes none of these
  std::vector<TcpPeer> clients;
  for (std::uint64_t id = 0; id < 20; ++id) {
    clients.push_back(proxy.connect());
    REQUIRE(clients.back().send_frame({.type = 'V', .id = id, .length = 1}));
  }
  ::kill(victim, SIGKILL);
  for (std::uint64_t id = 0; id < clients.size(); ++id) {
    const auto reply = clients[id].read_frame();
    REQUIRE(reply);
    CHECK(reply->header.id == id);
    CHECK(reply->status() == proto::Status::ok);
  }
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("what a killed worker had booked is taken back while its servers still work") {
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1", .played = Played::by_nobody}}, .workers = 2, .unit = "1s"});
  TcpHost host(proxy.server_port("video-1"));
  TcpPeer link = host.accept(), other_link = host.accept();
  REQUIRE(proxy.wait_for_log(" link_up ", 2));
  TcpPeer client = proxy.connect();
  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 500}));
  REQUIRE(wait_until([&] { return stats_of(proxy).server("video-1").in_flight == 1; }));

  const Stats busy = stats_of(proxy);
  CHECK(busy.server("video-1").backlog_ms == 500'000);
  const auto its_worker = std::find_if(busy.workers.begin(), busy.workers.end(),
                                       [](const Stats::Worker& worker) { return worker.requests > 0; });
  REQUIRE(its_worker != busy.workers.end());
  ::kill(its_worker->pid, SIGKILL);
  CHECK(client.closed());
  CHECK(unrest_at_the_end(proxy) == "");
  CHECK(stats_of(proxy).abandoned == 1);
  CHECK(stats_of(proxy).closed["worker_died"] == 1);
}

TEST_CASE("the control process is killed: traffic goes on, and control comes back") {
  ProxyUnderTest proxy(three_servers(1));
  ClientProgram client(proxy, {"--requests", "1500", "--length", "1..3"});
  wait_until_answered(proxy, 200);
  REQUIRE(proxy.wait_for_log(" control_started "));
  auto victims = children_of(proxy.process().pid());
  std::erase(victims, proxy.worker_pids().at(0));
  REQUIRE(victims.size() == 1);
  ::kill(victims.front(), SIGKILL);
  REQUIRE(proxy.wait_for_log(" control_started ", 2));
  REQUIRE(proxy.wait_for_log(" admin_listening ", 2));
  CHECK(proxy.get("/healthz").status == 200);
  client.check_perfect(1500);
  CHECK(unrest_at_the_end(proxy) == "");
  CHECK(stats_of(proxy).received == 1500);
  CHECK(proxy.stop() == Exit{0, 0});
}

TEST_CASE(
    "a worker that keeps dying ends nothing else: the other serves, and it is started again and again") {
  ProxyUnderTest proxy(three_servers(2));
  for (std::size_t deaths = 1; deaths <= 5; ++deaths) {
    ::kill(proxy.worker_pids().at(0), SIGKILL);
    REQUIRE(proxy.wait_for_log(" worker_started worker=0 ", deaths + 1));
  }
  CHECK(proxy.process().running());
  CHECK(proxy.logged(" gave_up ") == 0);
  TcpPeer client = proxy.connect();
  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 1}));
  const auto reply = client.read_frame();
  REQUIRE(reply);
  CHECK(reply->status() == proto::Status::ok);
  CHECK(proxy.stop() == Exit{0, 0});
}
