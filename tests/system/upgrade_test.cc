// A new program takes over, in the same process, under load; and one that cannot run changes nothing.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
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

}  // namespace

TEST_CASE("a new program takes over under load: same process, same ledger, no request fails") {
  ProxyUnderTest proxy(two_servers());
  const auto old_workers = proxy.worker_pids();
  ClientProgram client(proxy,
                       {"--requests", "2500", "--length", "1..3", "--concurrency", "8", "--pipeline", "4"});
  REQUIRE(wait_until([&] { return stats_of(proxy).answered > 200; }));

  proxy.process().signal(SIGUSR2);
  REQUIRE_MESSAGE(proxy.wait_for_log(" reloaded "), proxy.log());
  CHECK(proxy.logged(" taken_over ") == 1);
  client.check_perfect(2500);
  CHECK(wait_until([&] { return all_gone(old_workers); }));
  CHECK(proxy.logged(" worker_drained ") == 2);
  CHECK(stats_of(proxy).received == 2500);  // the counters went along
  CHECK(unrest_at_the_end(proxy) == "");

  const auto children = children_of(proxy.process().pid());
  CHECK(children.size() == 3);
  proxy.process().signal(SIGUSR2);  // and once more
  REQUIRE(proxy.wait_for_log(" reloaded ", 2));
  CHECK(proxy.stop() == Exit{0, 0});
  CHECK(wait_until([&] { return all_gone(children); }));
}

TEST_CASE("kill -9 of a master that has taken over still takes all of its children along") {
  ProxyUnderTest proxy(two_servers());
  TcpPeer client = proxy.connect();  // keeps an old worker alive
  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 20000}));
  REQUIRE(wait_until([&] { return stats_of(proxy).open == 1; }));
  proxy.process().signal(SIGUSR2);
  REQUIRE(proxy.wait_for_log(" reloaded "));
  // The old worker of the open request, two new ones, and control, which is being replaced.
  CHECK(wait_until([&] { return children_of(proxy.process().pid()).size() >= 4; }));
  const auto children = children_of(proxy.process().pid());
  proxy.process().kill();
  CHECK(wait_until([&] { return all_gone(children); }));
}

TEST_CASE("a configuration that the new program cannot run refuses the upgrade, and the old one goes on") {
  ProxyUnderTest proxy(two_servers());
  const auto workers = proxy.worker_pids();
  std::ofstream(proxy.config_file(), std::ios::app) << "[no_such_section]\n";
  proxy.process().signal(SIGUSR2);
  REQUIRE(proxy.wait_for_log(" upgrade_refused "));
  CHECK(proxy.logged(" taken_over ") == 0);
  TcpPeer client = proxy.connect();
  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 1}));
  CHECK(client.read_frame()->status() == proto::Status::ok);
  CHECK(proxy.worker_pids() == workers);
}
