// Proxies that are killed and stopped at random under load: nothing that may be sent again is lost, nothing
// is wrong, and once the load has gone nobody owes anything in anybody's books.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
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
    const ProxyUnderTest& proxy = stage_.proxy(i);  // its workers may end after it
    wait_until(
        [&] { return !TcpPeer::can_connect(proxy.port()) && !TcpPeer::can_connect(proxy.admin_port()); });
    again_[i] = std::make_unique<ChildProcess>(
        program("finishline"), std::vector<std::string>{"run", "-c", stage_.proxy(i).config_file()});
  }
  /// What the one that runs there now has printed, where it does not run any more.
  std::string last_words(std::size_t i) {
    return process(i).running() ? "" : process(i).output() + process(i).errors();
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

constexpr int kRate = 100;  // requests a second at each proxy

/// How long proxies are killed and stopped, both ways together: 15 s, or PEERS_CHAOS_SECONDS.
int chaos_seconds() {
  const char* const given = std::getenv("PEERS_CHAOS_SECONDS");
  return given == nullptr ? 15 : std::max(2, std::atoi(given));
}

void kill_and_stop(PeerStage& stage, Proxies& proxies, std::uint64_t seed, Nanos for_long) {
  sched::Random random(seed);
  const auto end = std::chrono::steady_clock::now() + for_long;
  while (std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200 + random.below(400)));
    const std::size_t victim = random.below(static_cast<std::uint32_t>(stage.size()));
    if (random.below(2) == 0)
      proxies.kill(victim);
    else
      proxies.pause(victim, std::chrono::milliseconds(50 + random.below(500)));
  }
}

/// All hear each other, and nobody owes anything.
bool even(PeerStage& stage) {
  for (std::size_t i = 0; i < stage.size(); ++i)
    if (stage.here(i) != stage.size() - 1 || stage.in_flight(i) != 0) return false;
  return true;
}

void live_through_chaos(const std::string& pool_keys, std::uint64_t seed) {
  RedisServer redis;
  SetUp set_up{.servers = {{.name = "video-1"}, {.name = "video-2"}, {.name = "music-1", .type = "music"}}};
  set_up.pool_keys += pool_keys;
  PeerStage stage(3, redis, std::move(set_up));
  REQUIRE(stage.all_here(2));
  const std::chrono::seconds for_long(chaos_seconds() / 2);
  const auto requests = kRate * static_cast<std::int64_t>(for_long.count() + 2);
  std::vector<std::unique_ptr<ClientProgram>> clients;
  for (std::size_t i = 0; i < stage.size(); ++i)
    clients.push_back(std::make_unique<ClientProgram>(
        stage.proxy(i), std::vector<std::string>{"--requests", std::to_string(requests), "--rate",
                                                 std::to_string(kRate), "--length", "1..5"}));
  Proxies proxies(stage, stage.size());
  kill_and_stop(stage, proxies, seed, for_long);
  for (std::size_t i = 0; i < stage.size(); ++i) CHECK(proxies.last_words(i) == "");
  for (const auto& client : clients) client->check_perfect(requests, 2 * for_long + 60s);
  const auto over_at = std::chrono::steady_clock::now();
  CHECK(wait_until([&] { return even(stage); }));
  const Nanos after = std::chrono::steady_clock::now() - over_at;
  MESSAGE("the books of all were even " << to_seconds(after) << " s after the load");
  for (std::size_t i = 0; i < stage.size(); ++i) CHECK(unrest_at_the_end(stage.proxy(i)) == "");
}

}  // namespace

TEST_CASE(
    "proxies are killed and stopped at random: nothing is lost, nothing is wrong, and the books end even") {
  live_through_chaos("", 20261128);
}

TEST_CASE("likewise where one of them decides for all, whichever it is") {
  live_through_chaos("sharing = \"seat\"\n", 20261129);
}
