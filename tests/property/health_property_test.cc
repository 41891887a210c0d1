// Pools of servers through any series of checks, experiences, orders and waits: what must hold after each
// step.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <vector>

#include "lb/sched/health_state.h"

namespace finishline::sched {
namespace {

int below(int n) { return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, n)); }

struct Checked {
  explicit Checked(std::size_t servers, const HealthOptions& options)
      : pool(options, std::vector<Health>(servers, Health::up), 7, now), held(servers, false) {}

  void step() {
    const auto server = static_cast<std::size_t>(below(static_cast<int>(pool.size())));
    switch (below(5)) {
      case 0:
        return pool.checked(server, below(2) == 0, now);
      case 1:
        return pool.experienced(server, {below(4), below(8), below(2) == 0}, now);
      case 2:
        held[server] = below(3) == 0;
        return pool.hold_back(server, held[server], now);
      default:
        return pool.tick(now += std::chrono::milliseconds(below(4000)));
    }
  }

  std::size_t count(auto&& holds) const {
    std::size_t n = 0;
    for (std::size_t i = 0; i < pool.size(); ++i) n += holds(i) ? 1 : 0;
    return n;
  }
  bool in_service(std::size_t i) const {
    return !held[i] && (pool[i].health() == Health::up || pool[i].health() == Health::slow_start);
  }

  Instant now{std::chrono::hours(1)};
  PoolHealth pool;
  std::vector<bool> held;
};

HealthOptions some_options() {
  HealthOptions options;
  options.rise = static_cast<std::uint32_t>(1 + below(3));
  options.fall = static_cast<std::uint32_t>(1 + below(3));
  options.eject_after = static_cast<std::uint32_t>(below(6));
  options.eject_time = std::chrono::milliseconds(1 + below(2000));
  options.max_ejected = below(11) / 10.0;
  options.slow_start = std::chrono::milliseconds(below(3) * 500);
  return options;
}

}  // namespace

TEST_CASE("property: ejection spares the configured share of a pool and one server that could work") {
  CHECK(rc::check("pool health", [] {
    const HealthOptions options = some_options();
    Checked it(static_cast<std::size_t>(1 + below(6)), options);
    for (int steps = 0; steps < 60; ++steps) {
      it.step();
      const std::size_t out =
          it.count([&](std::size_t i) { return it.pool[i].breaker().state() != Breaker::State::closed; });
      RC_ASSERT(static_cast<double>(out) <= options.max_ejected * static_cast<double>(it.pool.size()));
      const std::size_t could =
          it.count([&](std::size_t i) { return !it.held[i] && it.pool[i].checks().up(); });
      RC_ASSERT(could == 0 || it.count([&](std::size_t i) { return it.in_service(i); }) > 0);
    }
  }));
}

TEST_CASE("property: a server that does well for long enough is up, whatever was before") {
  CHECK(rc::check("recovery", [] {
    const HealthOptions options = some_options();
    Checked it(static_cast<std::size_t>(1 + below(6)), options);
    for (int steps = 0; steps < 60; ++steps) it.step();
    for (int rounds = 0; rounds < 200; ++rounds) {
      it.pool.tick(it.now += 1s);
      for (std::size_t i = 0; i < it.pool.size(); ++i) {
        it.pool.checked(i, true, it.now);
        it.pool.experienced(i, {.served = 1}, it.now);
      }
    }
    for (std::size_t i = 0; i < it.pool.size(); ++i) {
      RC_ASSERT(it.pool[i].health() == Health::up);
      RC_ASSERT(it.pool.share(i, it.now) == 1.0);
      RC_ASSERT(it.pool[i].breaker().doublings() == 0U);
    }
  }));
}

TEST_CASE("property: a breaker that is half open or open lets exactly one trial through per back-off") {
  CHECK(rc::check("trials", [] {
    HealthOptions options = some_options();
    options.eject_after = 1;
    options.max_ejected = 1;
    Checked it(2, options);
    std::uint64_t trials = 0;
    for (int rounds = 0; rounds < 20; ++rounds) {
      it.pool.experienced(0, {.failed = 1}, it.now);
      RC_ASSERT(it.pool[0].health() == Health::ejected);
      it.pool.tick(it.now = it.pool[0].breaker().open_until());
      for (int looks = 0; looks < 5; ++looks) it.pool.tick(it.now += 100ms);
      RC_ASSERT(it.pool[0].breaker().trials() == ++trials);
    }
  }));
}

TEST_CASE(
    "property: where a process stops and another goes on with its notes makes no difference to checks and "
    "runs") {
  CHECK(rc::check("going on", [] {
    HealthOptions options = some_options();
    options.max_ejected = 1;
    Checked it(static_cast<std::size_t>(2 + below(3)), options);
    for (int steps = below(40); steps > 0; --steps) it.step();
    std::vector<ServerHealth> next;
    for (std::size_t i = 0; i < it.pool.size(); ++i)
      next.emplace_back(it.pool[i].health(), it.pool[i].notes(), options, it.now);
    for (std::size_t i = 0; i < it.pool.size(); ++i) {
      const Health before = it.pool[i].health();
      RC_ASSERT(next[i].health() == (before == Health::half_open ? Health::ejected : before));
      RC_ASSERT(next[i].checks().state() == it.pool[i].checks().state());
      RC_ASSERT(next[i].checks().in_a_row() == it.pool[i].checks().in_a_row());
      RC_ASSERT(next[i].breaker().doublings() == it.pool[i].breaker().doublings());
      if (before == Health::slow_start)  // one that is out begins anew when it comes back
        RC_ASSERT(next[i].share(options, it.now) == it.pool[i].share(options, it.now));
      RC_ASSERT(next[i].notes().failed_in_a_row == it.pool[i].notes().failed_in_a_row);
    }
  }));
}

}  // namespace finishline::sched
