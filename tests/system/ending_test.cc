// However the proxy ends, nothing of it is left: no child, no shared memory, no port.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

SetUp busy_set_up() {
  return {.servers = {{.name = "video-1"}, {.name = "music-1", .type = "music"}},
          .listeners = {{}, {.name = "mini", .mode = "mini"}},
          .workers = 2};
}

/// The workers and control, which is forked last.
std::vector<pid_t> all_children(ProxyUnderTest& proxy) {
  REQUIRE(proxy.wait_for_log(" admin_listening "));
  return children_of(proxy.process().pid());
}

bool any_shared_memory_named(const std::string& name) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", none)) {
    if (entry.path().string().find(name) != std::string::npos) return true;
  }
  return false;
}

/// All of its processes are gone, and its ports can be had.
void check_nothing_left(ProxyUnderTest& proxy, const std::vector<pid_t>& children) {
  CHECK(children.size() == 3);
  CHECK(wait_until([&] { return all_gone(children); }));
  CHECK_FALSE(any_shared_memory_named("finishline"));
  for (const std::string listener : {"media", "mini"})
    CHECK_FALSE(TcpPeer::can_connect(proxy.port(listener)));
  CHECK_FALSE(TcpPeer::can_connect(proxy.admin_port()));
}

}  // namespace

TEST_CASE("SIGTERM: open requests are answered, clients are told, exit 0, nothing left") {
  ProxyUnderTest proxy(busy_set_up());
  const auto children = all_children(proxy);
  TcpPeer client = proxy.connect();
  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 300}));
  REQUIRE(wait_until([&] { return stats_of(proxy).open == 1; }));
  proxy.process().signal(SIGTERM);
  const auto farewell = client.read_frame();
  REQUIRE(farewell);
  CHECK(farewell->header.kind == proto::Kind::goaway);
  const auto reply = client.read_frame();
  REQUIRE(reply);
  CHECK(reply->status() == proto::Status::ok);
  CHECK(client.closed());
  CHECK(proxy.process().wait() == Exit{0, 0});
  CHECK(std::regex_search(proxy.log(), std::regex("master draining connections=1 open=1 until=\\S+Z hint=")));
  check_nothing_left(proxy, children);
}

TEST_CASE("Ctrl-C, which the whole group hears, ends like SIGTERM") {
  ProxyUnderTest proxy(busy_set_up());
  const auto children = all_children(proxy);
  TcpPeer client = proxy.connect();
  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 200}));
  REQUIRE(wait_until([&] { return stats_of(proxy).open == 1; }));
  ::kill(-proxy.process().pid(), SIGINT);
  CHECK(client.read_frame()->header.kind == proto::Kind::goaway);
  CHECK(client.read_frame()->status() == proto::Status::ok);
  CHECK(proxy.process().wait() == Exit{0, 0});
  check_nothing_left(proxy, children);
}

TEST_CASE("a second signal does not wait for open requests") {
  ProxyUnderTest proxy(busy_set_up());
  const auto children = all_children(proxy);
  TcpPeer client = proxy.connect();
  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 500000}));
  REQUIRE(wait_until([&] { return stats_of(proxy).open == 1; }));
  proxy.process().signal(SIGTERM);
  REQUIRE(client.read_frame());  // the goaway
  proxy.process().signal(SIGTERM);
  CHECK(proxy.process().wait() == Exit{0, 0});
  check_nothing_left(proxy, children);
}

TEST_CASE("a drain ends at its timeout, with requests still open") {
  SetUp set_up = busy_set_up();
  set_up.proxy_keys = "drain_timeout = \"300ms\"\n";
  ProxyUnderTest proxy(set_up);
  const auto children = all_children(proxy);
  TcpPeer client = proxy.connect();
  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 500000}));
  REQUIRE(wait_until([&] { return stats_of(proxy).open == 1; }));
  CHECK(proxy.stop() == Exit{0, 0});
  CHECK(proxy.logged(" drain_timeout ") == 1);
  check_nothing_left(proxy, children);
}

TEST_CASE("kill -9 of the master takes all of its children along") {
  ProxyUnderTest proxy(busy_set_up());
  const auto children = all_children(proxy);
  TcpPeer client = proxy.connect();
  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 500}));
  proxy.process().kill();
  check_nothing_left(proxy, children);
}

TEST_CASE("clients that come and go leave no descriptor behind in a worker") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}}});
  const pid_t worker = proxy.worker_pids().at(0);
  const std::size_t before = descriptors_of(worker);
  for (int round = 0; round < 3; ++round) {
    std::vector<TcpPeer> clients;
    for (int i = 0; i < 50; ++i) {
      clients.push_back(proxy.connect());
      REQUIRE(clients.back().send_frame({.type = 'V', .id = 1, .length = 1}));
    }
    for (int i = 0; i < 50; i += 2) REQUIRE(clients[static_cast<std::size_t>(i)].read_frame());
    for (int i = 0; i < 50; i += 5) clients[static_cast<std::size_t>(i)].reset();
  }
  CHECK(unrest_at_the_end(proxy) == "");
  CHECK(wait_until([&] { return descriptors_of(worker) == before; }));
}
