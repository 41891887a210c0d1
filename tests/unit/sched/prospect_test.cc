#include "lb/sched/prospect.h"

#include <doctest/doctest.h>

#include "lb/sched/unavailable.h"
#include "tests/support/waiting_pool.h"

namespace finishline::sched {
namespace {

constexpr std::uint8_t kVideo = 0, kMusic = 2;

/// The seed pool at instant 1000: a unit of length takes 10 ns.
struct Scene {
  std::vector<std::int64_t> finish{1000, 1000, 1000};
  std::vector<WaitLane> lanes{};
  PoolCosts costs = test::seed_costs();
  Prospects prospects;

  void wait(std::uint8_t type, std::uint32_t count, std::uint32_t length, std::int64_t since = 900) {
    lanes.push_back(
        {.head_key = since, .volume = std::uint64_t{count} * length, .count = count, .type = type});
  }
  std::optional<Prospect> of(std::uint8_t type, std::uint32_t length, std::int64_t key = 1000) {
    return prospects.of(costs, {type, length, key, Instant{Nanos{1000}}, finish, lanes});
  }
};

TEST_CASE("where nothing waits a request is done by the server that has it done first") {
  Scene scene;
  scene.finish = {1050, 1020, 1000};
  const auto video = scene.of(kVideo, 4);
  CHECK(video->until_done == Nanos{60});
  CHECK(video->until_begun == Nanos{20});
  CHECK(video->server == 1);
  CHECK(scene.of(kMusic, 4)->server == 2);
}

TEST_CASE("what waits of its type comes before it") {
  Scene scene;
  scene.wait(kVideo, 10, 2);  // 20 ns each, two servers; the music server helps, 60 ns each
  const auto found = scene.of(kVideo, 1);
  CHECK(found->until_begun >= Nanos{60});
  CHECK(found->until_begun <= Nanos{100});
}

TEST_CASE("what waits for other servers does not") {
  Scene scene;
  scene.wait(kVideo, 100, 2);
  CHECK(scene.of(kMusic, 1)->until_done == Nanos{10});
}

TEST_CASE("a key before those that wait is a place before them") {
  Scene scene;
  scene.wait(kVideo, 100, 2, 900);
  const auto last = scene.of(kVideo, 1)->until_done, middle = scene.of(kVideo, 1, 950)->until_done,
             first = scene.of(kVideo, 1, 800)->until_done;
  CHECK(first == Nanos{10});
  CHECK(first < middle);
  CHECK(middle < last);
}

TEST_CASE("servers with slots take so many at once") {
  Scene scene;
  scene.costs.servers[0].slots = scene.costs.servers[1].slots = 4;
  scene.wait(kVideo, 80, 1);
  CHECK(scene.of(kVideo, 1)->until_begun <= Nanos{110});
}

TEST_CASE("who cannot be served has no prospect, and who is down takes nothing") {
  Scene scene;
  scene.finish = {kUnavailable, kUnavailable, 1000};
  CHECK(scene.of(kVideo, 1)->server == 2);
  scene.finish[2] = kUnavailable;
  CHECK_FALSE(scene.of(kVideo, 1));
  scene.finish = {1000, 1000, 1000};
  scene.costs.nanos_per_unit[2 * 3 + 2] = scene.costs.nanos_per_unit[2 * 3] =
      scene.costs.nanos_per_unit[2 * 3 + 1] = std::numeric_limits<double>::infinity();
  CHECK_FALSE(scene.of(kMusic, 0));
}

}  // namespace
}  // namespace finishline::sched
