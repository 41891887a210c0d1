// Whatever dies while a pool is scaled, by each of the rules: the right number of servers is there again, and
// nobody is left behind. What is right is certain here: the load is the same all the time.
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <list>
#include <string>
#include <vector>

#include "tests/support/client_program.h"
#include "tests/support/scaled_servers.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

// Ten seconds are the promise, and the sum of what follows it: whoever is killed is seen to be, a start
// fails, a machine is busy.
constexpr Nanos kPromise = 10s;

const std::string kQuick = "settle = \"1s\"\ncooldown_down = \"100ms\"\nmin_life = \"500ms\"\n";

/// All that are wanted run, and as many are wanted as there should be.
bool right(const ProxyUnderTest& proxy, int count) {
  const auto video = video_of(proxy);
  return video.at("wanted") == count && video.at("running") == count && video.at("starting") == 0;
}

/// Of those that were started; 0 when none runs.
pid_t one_that_runs(const ProxyUnderTest& proxy) {
  const auto pids = started(proxy);
  const auto found = std::ranges::find_if(pids, group_runs);
  return found == pids.end() ? 0 : *found;
}

void kill_a_server(const ProxyUnderTest& proxy) {
  const std::size_t deaths = proxy.logged(" server_died ");
  const pid_t server = one_that_runs(proxy);
  REQUIRE(server != 0);
  ::kill(server, SIGKILL);
  REQUIRE(proxy.wait_for_log(" server_died ", deaths + 1));
}

/// Control, the master in an upgrade, and servers before, between and after; `holds` keeps up the load.
template <class Holds>
void kill_everybody(ProxyUnderTest& proxy, int count, Holds holds) {
  const auto soon_right = [&] {
    return wait_until([&] { return holds() && right(proxy, count); }, std::max(kPromise, patience()));
  };
  REQUIRE_MESSAGE(soon_right(), video_of(proxy).dump());
  const std::size_t controls = proxy.logged(" control_started ");
  kill_a_server(proxy);
  ::kill(control_of(proxy, proxy.process().pid()), SIGKILL);
  REQUIRE(proxy.wait_for_log(" control_started ", controls + 1));
  CHECK_MESSAGE(soon_right(), video_of(proxy).dump());
  proxy.process().signal(SIGUSR2);
  kill_a_server(proxy);
  REQUIRE(proxy.wait_for_log(" taken_over "));
  CHECK_MESSAGE(soon_right(), video_of(proxy).dump());
  kill_a_server(proxy);
  CHECK_MESSAGE(soon_right(), video_of(proxy).dump());
}

void check_quiet_end(ProxyUnderTest& proxy) {
  CHECK(wait_until([&] { return right(proxy, 0); }));
  const auto pids = started(proxy);
  CHECK(wait_until([&] { return none_runs(pids); }));
  CHECK(proxy.stop() == Exit{0, 0});
}

}  // namespace

TEST_CASE("by connections: as many servers as they need, whoever dies") {
  ProxyUnderTest proxy(
      {.servers = {{.name = "fixed", .keys = "capacity = 4\n"}},
       .listeners = {{.mode = "stream"}},
       .pool_keys = "check = \"off\"\neject_after = 0\n" +
                    scale_keys("by = \"connections\"\n" + kQuick, "max = 5\ncapacity = 4\n")});
  // Six of a quarter of a server each: at 50 % that takes three, of which two are scaled.
  std::list<TcpPeer> clients;
  const auto six_are_open = [&] {
    std::erase_if(clients, [](TcpPeer& client) { return !client.silent(1ms); });
    while (clients.size() < 6) clients.push_back(proxy.connect());
    return true;
  };
  kill_everybody(proxy, 2, six_are_open);
  clients.clear();
  check_quiet_end(proxy);
}

TEST_CASE("by load: as many servers as it needs, whoever dies, and no request is lost") {
  ProxyUnderTest proxy({.servers = {{.name = "fixed"}},
                        .pool_keys = "check = \"off\"\neject_after = 0\n" +
                                     scale_keys("by = \"load\"\n" + kQuick, "max = 3\n")});
  // Who asks again as soon as it is answered keeps all of them busy: that takes as many as there may be.
  ClientProgram client(proxy,
                       {"--duration", "10m", "--concurrency", "64", "--mix", "video=1", "--length", "20"});
  kill_everybody(proxy, 3, [] { return true; });
  client.process().signal(SIGINT);
  CHECK(client.process().wait());
  const Stats stats = stats_of(proxy);
  CHECK(stats.answers.contains("ok"));
  for (const auto& [status, count] : stats.answers)
    CHECK_MESSAGE((status == "ok" || status == "cancelled" || count == 0), status, " ", count);
  check_quiet_end(proxy);
}
