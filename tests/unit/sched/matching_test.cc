#include "lb/sched/matching.h"

#include <doctest/doctest.h>

#include "tests/support/waiting_pool.h"

namespace finishline::sched {
namespace {

using Handles = std::set<std::uint32_t>;
constexpr std::uint8_t kVideo = 0, kPicture = 1, kMusic = 2;
constexpr std::size_t kVideoServer = 0, kMusicServer = 2;

/// Prices under which music servers are for music and video servers for the rest; half of the capacity
/// arrives.
PoolPlan plan() {
  PoolPlan plan{.load = 0.5};
  plan.price[0] = plan.price[1] = 0.5;
  return plan;
}

/// Much work of all types behind the requests in question, so that nothing is critical.
void crowd(test::WaitingPool& pool) {
  for (std::uint32_t i = 100; i < 400; ++i) pool.wait(i, static_cast<std::uint8_t>(i % 3), 2, 500);
}

TEST_CASE("nobody waits: nobody is served") { CHECK_FALSE(test::WaitingPool{}.choose(kVideoServer)); }

TEST_CASE("a server takes the oldest of what it is cheapest for") {
  test::WaitingPool pool;
  pool.matching.follow(plan());
  crowd(pool);
  pool.wait(1, kMusic, 2, 1);
  pool.wait(2, kPicture, 2, 2);
  pool.wait(3, kVideo, 2, 3);
  CHECK(pool.handles_for(kVideoServer) == Handles{2});
  CHECK(pool.handles_for(kMusicServer) == Handles{1});
  CHECK(pool.choose(kVideoServer)->reason == Reason::in_order);
}

TEST_CASE("equal keys of two types are left to chance") {
  test::WaitingPool pool;
  pool.matching.follow(plan());
  crowd(pool);
  pool.wait(1, kVideo, 2, 1);
  pool.wait(2, kPicture, 2, 1);
  CHECK(pool.handles_for(kVideoServer) == Handles{1, 2});
}

TEST_CASE("shortest: who came later passes by B times the difference in service, and not by more") {
  test::WaitingPool pool({.order = WaitOrder::shortest, .aging = 3});
  pool.matching.follow(plan());
  crowd(pool);
  pool.wait(1, kVideo, 5, 10);   // 3 * 5 * 10 ns = 150: key 160
  pool.wait(2, kVideo, 1, 139);  // key 169
  CHECK(pool.handle_for(kVideoServer) == 1);
  pool.wait(3, kVideo, 1, 129);  // key 159
  CHECK(pool.handle_for(kVideoServer) == 3);
}

TEST_CASE("longest: the longest goes first, however late it came") {
  test::WaitingPool pool({.order = WaitOrder::longest});
  pool.matching.follow(plan());
  pool.wait(1, kVideo, 5, 0);
  pool.wait(2, kVideo, 6, 1000);
  CHECK(pool.handle_for(kVideoServer) == 2);
}

TEST_CASE("what is too long to be begun late is begun now") {
  test::WaitingPool pool;
  pool.matching.follow(plan());
  crowd(pool);
  pool.wait(1, kVideo, 400, 600);  // done at 4000; all that waits is worth 1000 + 2000 + 2000 / 2...
  pool.wait(2, kVideo, 1, 1);
  const auto choice = pool.choose(kVideoServer);
  CHECK(choice->handle == 1);
  CHECK(choice->reason == Reason::critical);
}

TEST_CASE("nothing is critical while more arrives than the pool can do") {
  test::WaitingPool pool;
  PoolPlan busy = plan();
  busy.load = 1.1;
  pool.matching.follow(busy);
  pool.wait(1, kVideo, 400, 600);
  pool.wait(2, kVideo, 1, 1);
  CHECK(pool.handle_for(kVideoServer) == 2);
}

TEST_CASE("a server takes what others do cheaper only if that is done there no later than elsewhere") {
  test::WaitingPool pool;
  pool.matching.follow(plan());
  pool.wait(1, kMusic,
            2);  // 20 ns at the music server, 40 at a video server; wasting 20 counts for another 10
  pool.finish = {0, 0, 29};
  CHECK_FALSE(pool.choose(kVideoServer));  // 50 > 49
  pool.finish = {0, 0, 30};
  CHECK(pool.choose(kVideoServer) == Choice{0, kMusic, Reason::steal, 2, 1});
}

TEST_CASE("a steal that hides behind the work that waits is harmless") {
  test::WaitingPool pool;
  pool.matching.follow(plan());
  for (std::uint32_t i = 0; i < 10; ++i) pool.wait(i, kMusic, 2);  // worth 10 * 2 * 5 = 100 = H1
  pool.finish = {0, 0, 0};
  CHECK(pool.choose(kVideoServer)->reason == Reason::steal);
}

TEST_CASE("of what may not be stolen as the head a shorter one may") {
  test::WaitingPool pool;
  pool.matching.follow(plan());
  pool.finish = {0, 5, 35};
  pool.wait(1, kMusic, 4, 0);  // 80 + 20 here, 75 there
  pool.wait(2, kMusic, 1, 1);  // 20 + 5 here, 45 there
  pool.wait(3, kMusic, 2, 2);  // 40 + 10 here, 55 there
  CHECK(pool.handle_for(kVideoServer) == 3);
}

TEST_CASE("a server does not wait for a cheaper one that is away") {
  test::WaitingPool pool;
  pool.matching.follow(plan());
  pool.wait(1, kMusic, 2);
  CHECK_FALSE(pool.choose(kVideoServer));
  pool.finish[kMusicServer] = kUnavailable;
  CHECK(pool.choose(kVideoServer)->reason != Reason::steal);
  pool.finish[kMusicServer] = 0;
  CHECK_FALSE(pool.choose(kVideoServer));
}

TEST_CASE("what the prices give to another group waits behind the rest, until it is old") {
  PoolCosts costs{.servers = {{0, 1}, {1, 1}}, .types = 2, .nanos_per_unit = {10, 11, 10, 100}};
  test::WaitingPool pool({.patience = Nanos{1000}}, costs);
  PoolPlan dear;
  dear.price[0] = 0.9, dear.price[1] = 0.1;  // type 0 is to be done by the second server, at 11 to 10
  pool.matching.follow(dear);
  pool.now = 100;
  pool.finish = {100, 100};
  pool.wait(1, 0, 1, 0);
  for (std::uint32_t i = 2; i < 40; ++i) pool.wait(i, 1, 1, 50);
  CHECK(pool.handle_for(0) == 2);
  pool.now = 1001;
  pool.finish = {1001, 1001};
  CHECK(pool.handle_for(0) == 1);
}

TEST_CASE("of urgent requests the one with the earliest latest start goes first, wherever it can be met") {
  test::WaitingPool pool;  // urgent within 20 ns
  pool.matching.follow(plan());
  crowd(pool);
  pool.wait(1, kMusic, 2, 600, Instant{Nanos{45}});  // latest start 25
  CHECK(pool.choose(kMusicServer)->reason == Reason::in_order);
  pool.now = 5;
  pool.finish = {5, 5, 5};
  CHECK(pool.choose(kMusicServer)->reason == Reason::urgent);
  CHECK(pool.handle_for(kVideoServer) == 1);  // done at 45
  pool.wait(2, kMusic, 2, 600, Instant{Nanos{44}});
  CHECK(pool.handle_for(kMusicServer) == 2);
  CHECK(pool.handle_for(kVideoServer) == 1);  // 45 is too late for the most urgent, but not for the next
}

TEST_CASE("nobody is stolen to a server on which it would be too late") {
  test::WaitingPool pool;
  pool.matching.follow(plan());
  for (std::uint32_t i = 0; i < 10; ++i) pool.wait(i, kMusic, 2, 0, Instant{Nanos{39}});  // 40 here, 20 there
  CHECK_FALSE(pool.choose(kVideoServer));
  pool.wait(10, kMusic, 2, -1, Instant{Nanos{100}});
  CHECK(pool.handle_for(kVideoServer) == 10);
}

TEST_CASE(
    "a worker's own request goes first while it is one mean service behind, and another's is only named") {
  test::WaitingPool pool;
  PoolPlan known = plan();
  known.mean_service = Nanos{100};
  pool.matching.follow(known);
  crowd(pool);
  std::vector<WaitLane> lanes(pool.queue.lanes().begin(), pool.queue.lanes().end());
  lanes.push_back({.head_key = 401,
                   .volume = 2,
                   .count = 1,
                   .head_length = 2,
                   .longest = 2,
                   .shortest = 2,
                   .worker = 1,
                   .type = kVideo});
  Ask ask = pool.ask(kVideoServer);
  ask.lanes = lanes;
  CHECK(pool.matching.choose(ask, pool.random)->worker == 0);
  lanes.back().head_key = 399;
  CHECK(pool.matching.choose(ask, pool.random) == Choice{1, kVideo, Reason::in_order, 2, kNobody});
}

TEST_CASE("where all servers of a large pool differ, those within 5 % are as good as each other") {
  PoolCosts costs{.servers = std::vector<PoolCosts::Server>(300), .types = 1, .nanos_per_unit = {}};
  for (int i = 0; i < 300; ++i) costs.nanos_per_unit.push_back(1e6 * (1 + 0.01 * i));
  test::WaitingPool pool({}, costs);
  pool.wait(1, 0, 1);
  CHECK(pool.choose(0)->reason != Reason::steal);
  CHECK_FALSE(pool.choose(299));  // four times as dear
  for (int i = 0; i < 299; ++i) pool.finish[static_cast<std::size_t>(i)] = kUnavailable;
  CHECK(pool.choose(299)->reason != Reason::steal);
}

TEST_CASE("a priority counts as so much earlier an arrival") {
  const test::WaitingPool pool;
  CHECK(pool.matching.key_of(Instant{Nanos{500}}, kVideo, 3, Nanos{200}) == 300);
}

TEST_CASE("longest: a priority counts as so much more service") {
  const test::WaitingPool pool({.order = WaitOrder::longest});
  CHECK(pool.matching.key_of(Instant{}, kVideo, 3, Nanos{20}) == pool.matching.key_of(Instant{}, kVideo, 5));
}

TEST_CASE("no length moves a key out of bounds") {
  const test::WaitingPool longest({.order = WaitOrder::longest}, {{{0, 1}}, 1, {1e15}});
  const test::WaitingPool shortest({.order = WaitOrder::shortest, .aging = 1e9}, {{{0, 1}}, 1, {1e15}});
  CHECK(longest.matching.key_of(Instant{1s}, 0, 0xffffffff) < 0);
  CHECK(shortest.matching.key_of(Instant{1s}, 0, 0xffffffff) > 0);
}

// --- other proxies -------------------------------------------------------------------------------------

/// As asked by a pool whose workers from 8 on are other proxies', one of which shows this.
std::optional<Choice> choose_beside(test::WaitingPool& pool, std::size_t server, const WaitLane& remote,
                                    bool steals = true) {
  std::vector<WaitLane> lanes(pool.queue.lanes().begin(), pool.queue.lanes().end());
  lanes.push_back(remote);
  Ask ask = pool.ask(server);
  ask.lanes = lanes;
  ask.first_remote = 8;
  ask.turn = 1us;
  ask.steals = steals;
  return pool.matching.choose(ask, pool.random);
}

WaitLane remote_lane(std::uint8_t type, std::int64_t key) {
  return {.head_key = key,
          .volume = 4,
          .count = 2,
          .head_length = 2,
          .longest = 2,
          .shortest = 2,
          .worker = 9,
          .type = type};
}

TEST_CASE("what waits at another proxy is its own to send: ours goes, younger or not") {
  test::WaitingPool pool;
  pool.matching.follow(plan());
  pool.wait(1, kVideo, 2, 500);
  CHECK(choose_beside(pool, kVideoServer, remote_lane(kVideo, 0))->handle == 1);
  test::WaitingPool empty;
  CHECK_FALSE(choose_beside(empty, kVideoServer, remote_lane(kVideo, 0)));
}

TEST_CASE("nothing is stolen while another proxy shows cheaper work for the server") {
  test::WaitingPool pool;
  pool.matching.follow(plan());
  crowd(pool);
  pool.finish = {90, 90, 0};
  for (std::uint32_t i = 100; i < 400; ++i)
    if (i % 3 == kMusic) pool.queue.remove(i);
  REQUIRE(pool.choose(kMusicServer)->reason == Reason::steal);
  const auto choice = choose_beside(pool, kMusicServer, remote_lane(kMusic, 0));
  REQUIRE(choice);
  CHECK(choice->worker == 9);
  CHECK(choice->handle == kNobody);
  CHECK(choose_beside(pool, kMusicServer, remote_lane(kVideo, 0))->reason == Reason::steal);
}

TEST_CASE("nothing is stolen while other proxies cannot be heard") {
  test::WaitingPool pool;
  pool.matching.follow(plan());
  crowd(pool);
  for (std::uint32_t i = 100; i < 400; ++i)
    if (i % 3 == kMusic) pool.queue.remove(i);
  CHECK_FALSE(choose_beside(pool, kMusicServer, WaitLane{.worker = 9}, false));
}

TEST_CASE("who has waited longer by more than a turn at another proxy goes first, so that none starves") {
  test::WaitingPool pool;
  pool.matching.follow(plan());
  crowd(pool);
  pool.wait(1, kVideo, 2, 499);
  CHECK(choose_beside(pool, kVideoServer, remote_lane(kVideo, -400))->handle == 1);
  CHECK(choose_beside(pool, kVideoServer, remote_lane(kVideo, -600))->worker == 9);
}

}  // namespace
}  // namespace finishline::sched
