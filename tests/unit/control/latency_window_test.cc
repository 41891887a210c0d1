#include "lb/control/latency_window.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::control;
using namespace std::chrono_literals;
using model::LatencyBuckets;

namespace {

/// One pool, type and server, whose requests have taken this long so far, `counts` times each.
struct World {
  Snapshot& look(Nanos at) {
    now.taken_at = Instant(1h + at);
    window.fill(overview, now, inventory);
    return now;
  }
  void took(Nanos time, std::uint64_t count) {
    now.pools[0].latencies[0].request.add(LatencyBuckets::bucket_of(time), count);
    now.servers[0].response.add(LatencyBuckets::bucket_of(time), count);
  }
  World() {
    now.pools.resize(1);
    now.pools[0].latencies.resize(1);
    now.servers.resize(1);
    inventory.request_types = {"video"};
    overview.pools.resize(1);
    overview.types.resize(1);
    overview.servers.resize(1);
    overview.servers[0].snapshot = &now.servers[0];
  }

  Snapshot now;
  Inventory inventory;
  Overview overview;
  LatencyWindow window{10s};
};

}  // namespace

TEST_CASE("without samples nothing is known of latencies") {
  World world;
  world.look(0s);
  CHECK_FALSE(world.overview.latency.p99);
  CHECK(world.overview.latency.count == 0);
}

TEST_CASE("latencies are of the last seconds, not of all that ever was") {
  World world;
  world.look(0s);
  world.took(1ms, 100);
  world.look(1s);
  CHECK(*world.overview.latency.p50 == doctest::Approx(0.001).epsilon(0.02));
  CHECK(world.overview.types[0].latency.count == 100);
  CHECK(*world.overview.servers[0].latency.p95 == doctest::Approx(0.001).epsilon(0.02));
  for (int s = 2; s < 12; ++s) world.look(std::chrono::seconds(s));
  world.took(80ms, 10);
  for (int s = 12; s < 18; ++s) world.look(std::chrono::seconds(s));
  CHECK(world.overview.latency.count == 10);
  CHECK(*world.overview.pools[0].latency.p50 == doctest::Approx(0.08).epsilon(0.02));
  for (int s = 18; s < 40; ++s) world.look(std::chrono::seconds(s));
  CHECK(world.overview.latency.count == 0);
  CHECK_FALSE(world.overview.latency.p50);
}

TEST_CASE("a configuration in between begins nothing anew: pools and servers are known by their names") {
  World world;
  world.now.pools[0].name = "media";
  world.now.servers[0].name = "video-1";
  world.look(0s);
  world.took(300ms, 100);
  world.now.pools.emplace(world.now.pools.begin())->name = "first";
  world.overview.pools.resize(2);
  world.look(1s);
  CHECK(world.overview.pools[1].latency.count == 100);
  CHECK(*world.overview.pools[1].latency.p95 == doctest::Approx(0.3).epsilon(0.03));
  CHECK(world.overview.servers[0].latency.count == 100);
}

TEST_CASE("with other types of requests the window begins anew") {
  World world;
  world.look(0s);
  world.took(1ms, 100);
  world.inventory.request_types = {"music"};
  world.look(1s);
  CHECK(world.overview.latency.count == 0);
}
