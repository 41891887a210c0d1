// Servers come and go by reload, as an autoscaler has them: the ledger's rows suffice for as many as there are at
// one time.
#include <doctest/doctest.h>

#include <csignal>
#include <string>

#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

SetUp served_by(const std::string& name, Played played = Played::by_program) {
  return {.servers = {{.name = name, .played = played}}, .workers = 2, .proxy_keys = "max_servers = 3\n"};
}

void reload(ProxyUnderTest& proxy, const SetUp& set_up, std::size_t nth) {
  proxy.rewrite(set_up);
  proxy.process().signal(SIGHUP);
  REQUIRE_MESSAGE(proxy.wait_for_log(" reloaded ", nth), proxy.log());
}

}  // namespace

TEST_CASE("three times as many servers as there are rows come and go, and the last one is served") {
  ProxyUnderTest proxy(served_by("first"));
  TcpPeer client = proxy.connect();
  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 1}));
  CHECK(client.read_frame()->status() == proto::Status::ok);
  for (std::size_t n = 1; n < 9; ++n) reload(proxy, served_by("passing-" + std::to_string(n), Played::by_nobody), n);
  reload(proxy, served_by("last"), 9);
  REQUIRE(client.send_frame({.type = 'V', .id = 2, .length = 1}));
  CHECK(client.read_frame()->status() == proto::Status::ok);
  const Stats stats = stats_of(proxy);
  CHECK(stats.servers.size() == 3);
  CHECK(stats.server("last").done == 1);
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("the row of a removed server is not another's before its last request is answered") {
  ProxyUnderTest proxy(served_by("slow"));
  TcpPeer client = proxy.connect();
  proxy.server("slow").signal(SIGSTOP);
  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 1}));
  REQUIRE(wait_until([&] { return stats_of(proxy).server("slow").in_flight == 1; }));
  reload(proxy, served_by("second"), 1);
  reload(proxy, served_by("third"), 2);
  reload(proxy, served_by("fourth"), 3);
  CHECK(stats_of(proxy).server("slow").in_flight == 1);

  SetUp more = served_by("fourth");
  more.servers.push_back({.name = "fifth"});
  more.servers.push_back({.name = "sixth"});
  proxy.rewrite(more);
  proxy.process().signal(SIGHUP);
  REQUIRE(proxy.wait_for_log("or wait until 1 removed servers have finished"));
  proxy.server("slow").signal(SIGCONT);
  CHECK(client.read_frame()->header.id == 1);
  REQUIRE(wait_until([&] { return stats_of(proxy).server("slow").links_up == 0; }));
  reload(proxy, more, 4);
  CHECK(stats_of(proxy).server("sixth").in_flight == 0);
  CHECK(unrest_at_the_end(proxy) == "");
}
