// Proxies that are upgraded, and restarted, one after the other under load: nobody's request is lost.
#include <doctest/doctest.h>

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/client_program.h"
#include "tests/support/peer_stage.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

constexpr std::int64_t kRequests = 900;

/// Two proxies, and a client at each until the end.
struct Fleet {
  Fleet() {
    REQUIRE(stage.all_here(1));
    for (std::size_t i : {0, 1})
      clients.push_back(std::make_unique<ClientProgram>(
          stage.proxy(i), std::vector<std::string>{"--requests", std::to_string(kRequests), "--rate", "150",
                                                   "--length", "1..3"}));
  }
  void check_end() {
    for (const auto& client : clients) client->check_perfect(kRequests, 60s);
    CHECK(stage.all_here(1));
    CHECK(wait_until([&] { return stage.in_flight(0) == 0 && stage.in_flight(1) == 0; }));
    for (std::size_t i : {0, 1}) CHECK(unrest_at_the_end(stage.proxy(i)) == "");
  }

  RedisServer redis;
  PeerStage stage{2,
                  redis,
                  {.servers = {{.name = "video-1"}, {.name = "music-1", .type = "music"}},
                   .proxy_keys = "drain_timeout = \"1s\"\n"}};
  std::vector<std::unique_ptr<ClientProgram>> clients;
};

}  // namespace

TEST_CASE("proxies are upgraded one after the other under load, and nothing is lost") {
  Fleet fleet;
  for (std::size_t i : {0, 1}) {
    const std::string epoch = fleet.stage.first_other(1 - i).at("epoch");
    fleet.stage.proxy(i).process().signal(SIGUSR2);
    REQUIRE(fleet.stage.proxy(i).wait_for_log(" taken_over "));
    REQUIRE(fleet.stage.proxy(i).wait_for_log(" reloaded "));
    CHECK(fleet.stage.proxy(i).wait_for_log(" peer_renewed reason=\"the program is another one\""));
    CHECK(wait_until([&] {
      const auto other = fleet.stage.first_other(1 - i);
      return other.at("epoch") != epoch && other.at("state") == "here";
    }));
  }
  fleet.check_end();
}

TEST_CASE(
    "proxies are restarted one after the other under load, and nothing that may be done twice is lost") {
  Fleet fleet;
  std::vector<std::unique_ptr<ChildProcess>> again;
  for (std::size_t i : {0, 1}) {
    CHECK(fleet.stage.proxy(i).stop() == Exit{0, 0});
    CHECK(wait_until([&] { return fleet.stage.first_other(1 - i).at("state") == "left"; }));
    again.push_back(std::make_unique<ChildProcess>(
        program("finishline"), std::vector<std::string>{"run", "-c", fleet.stage.proxy(i).config_file()}));
    REQUIRE(wait_until([&] { return TcpPeer::can_connect(fleet.stage.proxy(i).admin_port()); }));
    REQUIRE(fleet.stage.all_here(1));
  }
  fleet.check_end();
}
