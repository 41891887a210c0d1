// What becomes of those whom a reload leaves at the old workers.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

/// Streams to a server that the test plays; `nth` makes it another listener each time.
SetUp stream_set_up(const std::string& proxy_keys, int nth) {
  return {.servers = {{.name = "any", .played = Played::by_nobody}},
          .listeners = {{.name = "any",
                         .mode = "stream",
                         .keys = "idle_timeout = \"" + std::to_string(nth) + "h\"\n"}},
          .proxy_keys = "max_connections = 100\ndrain_timeout = \"50ms\"\n" + proxy_keys};
}

struct Stream {
  Stream(const ProxyUnderTest& proxy, TcpHost& host) : client(proxy.connect("any")), server(host.accept()) {}
  bool lives() { return client.send("ask!") && server.read(4) == "ask!"; }

  TcpPeer client;
  TcpPeer server;
};

void reload(ProxyUnderTest& proxy, const std::string& proxy_keys, int nth) {
  proxy.rewrite(stream_set_up(proxy_keys, nth));
  const std::size_t before = proxy.logged(" reloaded ");
  proxy.process().signal(SIGHUP);
  REQUIRE(proxy.wait_for_log(" reloaded ", before + 1));
}

}  // namespace

TEST_CASE("a reload gives streams all the time they need, whatever drain_timeout is; the end does not") {
  ProxyUnderTest proxy(stream_set_up("", 1));
  TcpHost host(proxy.server_port("any"));
  Stream stream(proxy, host);
  reload(proxy, "", 2);
  CHECK_FALSE(stream.client.closed(200ms));
  CHECK(stream.lives());
  CHECK(proxy.stop() == Exit{0, 0});  // within drain_timeout, of old workers, too
  CHECK(stream.client.closed());
}

TEST_CASE("reload_timeout bounds that time") {
  ProxyUnderTest proxy(stream_set_up("reload_timeout = \"50ms\"\n", 1));
  TcpHost host(proxy.server_port("any"));
  Stream stream(proxy, host);
  reload(proxy, "reload_timeout = \"50ms\"\n", 2);
  CHECK(stream.client.closed());
  CHECK(proxy.logged(" drain_timeout ") == 1);
}

TEST_CASE("beyond max_old_generations the oldest are ended, and the log says so") {
  const std::string limit = "max_old_generations = 1\n";
  ProxyUnderTest proxy(stream_set_up(limit, 1));
  TcpHost host(proxy.server_port("any"));
  Stream first(proxy, host);
  reload(proxy, limit, 2);
  Stream second(proxy, host);
  CHECK(first.lives());
  reload(proxy, limit, 3);
  CHECK(first.client.closed());
  CHECK(second.lives());
  CHECK(proxy.logged(" generation_ended ") == 1);
}

TEST_CASE("where there is no room for new workers the oldest make it") {
  const std::string tight = "max_workers = 2\n";
  ProxyUnderTest proxy(stream_set_up(tight, 1));
  TcpHost host(proxy.server_port("any"));
  Stream first(proxy, host);
  reload(proxy, tight, 2);
  CHECK(first.lives());
  Stream second(proxy, host);
  reload(proxy, tight, 3);
  CHECK(first.client.closed());
  CHECK(second.lives());
}

TEST_CASE("while an old worker has hours to leave, a socket file that goes is noticed none the later") {
  const TempDir dir;
  const std::string keys = "reload_timeout = \"10h\"\nwatchdog = \"0s\"\n";
  const auto set_up = [&](int nth) {
    SetUp all = stream_set_up(keys, nth);
    all.listeners.push_back({.name = "more", .mode = "stream", .bind = "unix:" + dir.file("more.sock")});
    return all;
  };
  ProxyUnderTest proxy(set_up(1));
  TcpHost host(proxy.server_port("any"));
  Stream stream(proxy, host);
  proxy.rewrite(set_up(2));
  proxy.process().signal(SIGHUP);
  REQUIRE(proxy.wait_for_log(" reloaded "));
  REQUIRE(proxy.logged(" worker_drained ") == 0);
  std::filesystem::remove(dir.file("more.sock"));
  CHECK(proxy.wait_for_log(" socket_file_lost "));
  CHECK(stream.lives());
}
