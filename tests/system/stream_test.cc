// Streams through whole processes: workers that die, a proxy that stops, a reader that does not read.
#include <doctest/doctest.h>

#include <signal.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "lb/worker/relay.h"
#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

SetUp one_server(std::uint32_t workers = 1, const std::string& proxy_keys = {}) {
  return {.servers = {{.name = "echo-1", .played = Played::by_nobody}},
          .listeners = {{.mode = "stream"}},
          .workers = workers,
          .proxy_keys = "max_connections = 200\n" + proxy_keys};
}

/// The number behind this metric, as it stands in the page; "" when it is not there.
std::string metric(const ProxyUnderTest& proxy, const std::string& name) {
  const std::string page = proxy.get("/metrics").body;
  const auto at = page.find('\n' + name + ' ');
  if (at == std::string::npos) return "";
  const auto begin = at + name.size() + 2;
  return page.substr(begin, page.find('\n', begin) - begin);
}

}  // namespace

TEST_CASE("the load of a server counts what is open, and nothing of a worker that was killed") {
  ProxyUnderTest proxy(one_server(2));
  TcpHost host(proxy.server_port("echo-1"));
  std::vector<TcpPeer> clients, served;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(proxy.connect());
    served.push_back(host.accept());
  }
  const std::string load = "finishline_pool_load_percent{pool=\"media\"}";
  const std::string open = "finishline_server_streams_open{server=\"echo-1\"}";
  CHECK(metric(proxy, load) == "6");
  CHECK(metric(proxy, open) == "6");
  ::kill(proxy.worker_pids().at(0), SIGKILL);
  int lost = 0;
  REQUIRE(proxy.wait_for_log(" worker_started ", 3));
  for (TcpPeer& client : clients) lost += client.silent(1ms) ? 0 : 1;
  CHECK(wait_until([&] { return metric(proxy, open) == std::to_string(6 - lost); }));
  CHECK(metric(proxy, load) == std::to_string(6 - lost));
  clients.clear();
  served.clear();
  CHECK(wait_until([&] { return metric(proxy, load) == "0"; }));
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("a proxy that stops lets its streams come to their end") {
  ProxyUnderTest proxy(one_server());
  TcpHost host(proxy.server_port("echo-1"));
  TcpPeer client = proxy.connect();
  TcpPeer served = host.accept();
  proxy.process().signal(SIGTERM);
  REQUIRE(proxy.wait_for_log("worker 0 draining"));
  REQUIRE(client.send("question"));
  CHECK(served.read(8) == "question");
  served.send("answer");
  served.finish();
  CHECK(client.read_all() == "answer");
  client.finish();
  CHECK(proxy.process().wait() == Exit{0, 0});
}

TEST_CASE("streams that do not end are given up after drain_timeout") {
  ProxyUnderTest proxy(one_server(1, "drain_timeout = \"50ms\"\n"));
  TcpHost host(proxy.server_port("echo-1"));
  TcpPeer client = proxy.connect();
  TcpPeer served = host.accept();
  CHECK(proxy.stop() == Exit{0, 0});
  CHECK(client.closed());
  CHECK(served.closed());
}

TEST_CASE("a client that does not read costs the proxy no more than one read") {
  ProxyUnderTest proxy(one_server());
  TcpHost host(proxy.server_port("echo-1"));
  const pid_t worker = proxy.worker_pids().at(0);
  TcpPeer slow = TcpPeer::connect_narrow(proxy.port(), 4096);
  TcpPeer served = host.accept();
  const std::size_t before = private_kib_of(worker);
  const std::string much(24U << 20, 's');
  std::jthread sending([&] {
    served.send(much);
    served.finish();
  });
  TcpPeer quick = proxy.connect();
  TcpPeer quick_served = host.accept();
  for (int i = 0; i < 50; ++i) {
    REQUIRE(quick.send("quick"));
    REQUIRE(quick_served.read(5) == "quick");
  }
  // What is read lies in the loop's buffer first, and what of it the client does not take is kept.
  const std::size_t one_read = worker::RelayEnd::kLargeRead / 1024;
  if (kMemoryTells) CHECK(private_kib_of(worker) < before + 2 * one_read + 512);
  CHECK((slow.read_all() == much));
}
