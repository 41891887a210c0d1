// Proxies that are killed and stopped at random under load: nothing that may be sent again is lost, nothing
// is wrong, and once the load has gone nobody owes anything in anybody's books.
#include <doctest/doctest.h>

#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "lb/sched/random.h"
#include "tests/support/client_program.h"
#include "tests/support/peer_stage.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

/// Proxies by their configuration files, so that one that is killed can be started again where it was.
class Proxies {
 public:
  Proxies(PeerStage& stage, std::size_t count) : stage_(stage) {
    for (std::size_t i = 0; i < count; ++i) again_.emplace_back();
  }
  void kill(std::size_t i) {
    ::kill(-pid(i), SIGKILL);
    process(i).wait();
    again_[i] = std::make_unique<ChildProcess>(
        program("finishline"), std::vector<std::string>{"run", "-c", stage_.proxy(i).config_file()});
  }
  void pause(std::size_t i, Nanos span) {
    ::kill(-pid(i), SIGSTOP);
    std::this_thread::sleep_for(span);
    ::kill(-pid(i), SIGCONT);
  }

 private:
  ChildProcess& process(std::size_t i) { return again_[i] ? *again_[i] : stage_.proxy(i).process(); }
  pid_t pid(std::size_t i) { return process(i).pid(); }

  PeerStage& stage_;
  std::vector<std::unique_ptr<ChildProcess>> again_;
};

void kill_and_stop_proxies(const std::string& pool_keys, std::uint64_t seed) {
  constexpr std::size_t kProxies = 3;
  RedisServer redis;
  SetUp set_up{.servers = {{.name = "video-1"}, {.name = "video-2"}, {.name = "music-1", .type = "music"}}};
  set_up.pool_keys += pool_keys;
  PeerStage stage(kProxies, redis, std::move(set_up));
  REQUIRE(stage.all_here(kProxies - 1));
  std::vector<std::unique_ptr<ClientProgram>> clients;
  for (std::size_t i = 0; i < kProxies; ++i)
    clients.push_back(std::make_unique<ClientProgram>(
        stage.proxy(i), std::vector<std::string>{"--requests", "500", "--rate", "100", "--length", "1..5"}));
  {
    Proxies proxies(stage, kProxies);
    sched::Random random(seed);
    for (int deed = 0; deed < 6; ++deed) {
      std::this_thread::sleep_for(std::chrono::milliseconds(200 + random.below(400)));
      const std::size_t victim = random.below(kProxies);
      if (random.below(2) == 0)
        proxies.kill(victim);
      else
        proxies.pause(victim, std::chrono::milliseconds(50 + random.below(500)));
    }
    for (const auto& client : clients) client->check_perfect(500, 60s);
    CHECK(wait_until([&] {
      for (std::size_t i = 0; i < kProxies; ++i)
        if (stage.here(i) != kProxies - 1 || stage.in_flight(i) != 0) return false;
      return true;
    }));
    for (std::size_t i = 0; i < kProxies; ++i) CHECK(unrest_at_the_end(stage.proxy(i)) == "");
  }
}

}  // namespace

TEST_CASE(
    "proxies are killed and stopped at random: nothing is lost, nothing is wrong, and the books end even") {
  kill_and_stop_proxies("", 20261128);
}

TEST_CASE("likewise where one of them decides for all, whichever it is") {
  kill_and_stop_proxies("sharing = \"seat\"\n", 20261129);
}
