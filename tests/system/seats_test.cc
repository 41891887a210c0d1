// Several proxies of which one decides for all: who that is, that another takes its place, and that every
// request is answered once, whoever believes to be in the seat.
#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "lb/peers/redis_replies.h"
#include "lb/peers/report.h"
#include "tests/support/client_program.h"
#include "tests/support/peer_stage.h"
#include "tests/support/processes.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;

namespace {

SetUp seated(std::uint32_t workers = 1) {
  SetUp set_up{.servers = {{.name = "video-1"}, {.name = "video-2"}, {.name = "music-1", .type = "music"}}};
  set_up.workers = workers;
  set_up.pool_keys += "sharing = \"seat\"\n";
  return set_up;
}

/// Who is in the seat as this proxy has heard; "": nobody.
std::string holder(PeerStage& stage, std::size_t i) {
  const nlohmann::json page = stage.peers(i), holder = page.at("seats").at(0).at("holder");
  return holder.is_null() ? "" : holder.get<std::string>();
}

/// Of these proxies, on which all of them agree; nothing: they do not, or nobody is.
std::optional<std::size_t> in_the_seat(PeerStage& stage, const std::vector<std::size_t>& proxies) {
  const std::string name = holder(stage, proxies.front());
  for (const std::size_t i : proxies)
    if (holder(stage, i) != name) return std::nullopt;
  for (const std::size_t i : proxies)
    if (name == "proxy-" + std::to_string(i)) return i;
  return std::nullopt;
}

std::optional<std::size_t> await_seat(PeerStage& stage, const std::vector<std::size_t>& proxies) {
  std::optional<std::size_t> found;
  CHECK(wait_until([&] { return (found = in_the_seat(stage, proxies)).has_value(); }));
  return found;
}

ClientProgram load(ProxyUnderTest& proxy, int requests = 150) {
  return ClientProgram(proxy, {"--requests", std::to_string(requests), "--rate", "100", "--length", "1..3",
                               "--concurrency", "8"});
}

/// Requests that waited before they were sent.
std::int64_t pulls(ProxyUnderTest& proxy) {
  const std::string page = proxy.get("/metrics").body, name = "\nfinishline_pulls_total";
  std::int64_t sum = 0;
  for (std::size_t at = page.find(name); at != std::string::npos; at = page.find(name, at + 1))
    sum += std::stoll(page.substr(page.find(' ', at)));
  return sum;
}

pid_t peer_of(ProxyUnderTest& proxy) {
  for (const pid_t child : children_of(proxy.process().pid()))
    if (proc_file(child, "comm").starts_with("fl-peer")) return child;
  return -1;
}

/// Somebody who says that he is in the seat of the pool, and calls all proxies to all servers all the time.
class Usurper {
 public:
  Usurper(const RedisServer& redis, std::size_t proxies) : redis_(TcpPeer::connect(redis.port())) {
    for (std::size_t i = 0; i < proxies; ++i)
      for (const char* server : {"video-1", "video-2", "music-1"})
        for (const char* lane : {"video", "picture", "music"})
          calls_.push_back({.node = peers::key_of("proxy-" + std::to_string(i)),
                            .server = peers::key_of(server),
                            .lane = peers::key_of("media", lane),
                            .length = 2,
                            .reason = static_cast<std::uint8_t>(calls_.size() % 4)});
    thread_ = std::thread([this] {
      while (!done_) {
        say();
        std::this_thread::sleep_for(5ms);
      }
    });
  }
  ~Usurper() {
    done_ = true;
    thread_.join();
  }

 private:
  void say() {
    const std::string report = peers::encode({.full = true,
                                              .epoch = 7,
                                              .sequence = ++sequence_,
                                              .name = "usurper",
                                              .calls = calls_,
                                              .seats = {peers::key_of("media")}});
    const std::vector<std::string_view> words{"PUBLISH", "finishline:books", report};
    redis_.send(peers::redis_command(words));
  }

  TcpPeer redis_;
  std::vector<peers::Call> calls_;
  std::uint32_t sequence_ = 0;
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace

TEST_CASE("seat: one of three proxies decides, all know which, and it calls for what waits in the others") {
  RedisServer redis;
  PeerStage stage(3, redis, seated());
  REQUIRE(stage.all_here(2));
  const auto first = await_seat(stage, {0, 1, 2});
  REQUIRE(first);
  const std::size_t other = (*first + 1) % 3;
  load(stage.proxy(other)).check_perfect(150);
  CHECK(pulls(stage.proxy(other)) == 150);  // not one was sent at once
  CHECK(stage.proxy(other).get("/metrics").body.find("finishline_pool_seat_held{pool=\"media\"} 0") !=
        std::string::npos);
  CHECK(stage.proxy(*first).get("/metrics").body.find("finishline_pool_seat_held{pool=\"media\"} 1") !=
        std::string::npos);
}

TEST_CASE("seat: the proxy in the seat is killed under load: another takes its place, and nothing is lost") {
  RedisServer redis;
  PeerStage stage(3, redis, seated(2));
  REQUIRE(stage.all_here(2));
  const auto first = await_seat(stage, {0, 1, 2});
  REQUIRE(first);
  const std::vector<std::size_t> left{(*first + 1) % 3, (*first + 2) % 3};
  auto one = load(stage.proxy(left[0]), 300), two = load(stage.proxy(left[1]), 300);
  std::this_thread::sleep_for(500ms);
  stage.remove(*first);
  one.check_perfect(300);
  two.check_perfect(300);
  CHECK(await_seat(stage, left));
  CHECK(stage.proxy(left[0]).logged("seat_moved") >= 2);
  for (const std::size_t i : left) CHECK(unrest_at_the_end(stage.proxy(i)) == "");
}

TEST_CASE("seat: a proxy that ends gives it back, and another has it at once") {
  RedisServer redis;
  PeerStage stage(2, redis, seated());
  REQUIRE(stage.all_here(1));
  const auto first = await_seat(stage, {0, 1});
  REQUIRE(first);
  stage.proxy(*first).stop();
  CHECK(await_seat(stage, {1 - *first}));
}

TEST_CASE("seat: a peer process that hangs loses it, and does not take it back when it goes on") {
  RedisServer redis;
  PeerStage stage(2, redis, seated());
  REQUIRE(stage.all_here(1));
  const auto first = await_seat(stage, {0, 1});
  REQUIRE(first);
  const std::size_t other = 1 - *first;
  const pid_t peer = peer_of(stage.proxy(*first));
  ::kill(peer, SIGSTOP);
  load(stage.proxy(*first)).check_perfect(150);
  load(stage.proxy(other)).check_perfect(150);
  CHECK(await_seat(stage, {other}));
  ::kill(peer, SIGCONT);
  CHECK(stage.all_here(1));
  CHECK(await_seat(stage, {0, 1}) == other);
}

TEST_CASE(
    "seat: redis is killed under load and comes back: requests go on, and somebody is in the seat again") {
  RedisServer redis;
  PeerStage stage(2, redis, seated());
  REQUIRE(stage.all_here(1));
  REQUIRE(await_seat(stage, {0, 1}));
  auto one = load(stage.proxy(0), 300), two = load(stage.proxy(1), 300);
  std::this_thread::sleep_for(300ms);
  redis.kill();
  CHECK(wait_until([&] { return holder(stage, 0).empty() && holder(stage, 1).empty(); }));
  redis.start();
  one.check_perfect(300);
  two.check_perfect(300);
  CHECK(stage.all_here(1));
  CHECK(await_seat(stage, {0, 1}));
  for (const std::size_t i : {0, 1}) CHECK(unrest_at_the_end(stage.proxy(i)) == "");
}

TEST_CASE("seat: a second one that calls everybody everywhere does no harm") {
  RedisServer redis;
  PeerStage stage(2, redis, seated(2));
  REQUIRE(stage.all_here(1));
  REQUIRE(await_seat(stage, {0, 1}));
  {
    const Usurper usurper(redis, 2);
    auto one = load(stage.proxy(0), 300), two = load(stage.proxy(1), 300);
    one.check_perfect(300);
    two.check_perfect(300);
  }
  CHECK(wait_until([&] { return stage.here(0) == 1; }));
  CHECK(await_seat(stage, {0, 1}));
  for (const std::size_t i : {0, 1}) CHECK(unrest_at_the_end(stage.proxy(i)) == "");
}

TEST_CASE("seat: a redis that lets nobody have it is told of, and each proxy decides by the books") {
  RedisServer redis({"--rename-command", "SET", "", "--rename-command", "EVAL", ""});
  PeerStage stage(2, redis, seated());
  REQUIRE(stage.all_here(1));
  CHECK(stage.proxy(0).wait_for_log("seat_refused pool=media"));
  load(stage.proxy(0)).check_perfect(150);
  CHECK(holder(stage, 0).empty());
}

TEST_CASE("seats: a key that has no end is no lease, and keeps nobody from the seat") {
  RedisServer redis;
  redis.tell("SET finishline:seat:media somebody");
  PeerStage stage(2, redis, seated());
  REQUIRE(stage.all_here(1));
  CHECK(await_seat(stage, {0, 1}));
  CHECK(stage.proxy(0).logged(" seat_refused ") + stage.proxy(1).logged(" seat_refused ") >= 1);
}
