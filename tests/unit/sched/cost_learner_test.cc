#include "lb/sched/cost_learner.h"

#include <doctest/doctest.h>

#include <cmath>

#include "lb/sched/random.h"
#include "tests/support/waiting_pool.h"

namespace finishline::sched {
namespace {

constexpr double kMillisecond = 1e6;

/// Twelve servers of four groups, three of each; three types, all declared at 1 ms per unit.
PoolCosts flat_costs() {
  PoolCosts costs{.servers = {}, .types = 3, .nanos_per_unit = std::vector<double>(36, kMillisecond)};
  for (std::size_t i = 0; i < 12; ++i) costs.servers.push_back({static_cast<ServerGroup>(i / 3), 1});
  return costs;
}

/// The same, but for the last server, which is declared to need twice as long.
PoolCosts declared_costs() {
  PoolCosts costs = flat_costs();
  for (std::size_t type = 0; type < 3; ++type) costs.nanos_per_unit[type * 12 + 11] *= 2;
  return costs;
}

/// Servers as they are, and a learner that hears of them.
struct World {
  explicit World(double noise) : learner(flat_costs()), noise_sd(noise) {
    for (double& factor : real) factor = std::exp(0.7 * normal());
    for (double& factor : speed) factor = std::exp(0.3 * normal());
  }
  double normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += chance.unit();
    return sum;
  }
  double factor(std::size_t server, std::size_t type) const {
    return real[server / 3 * 3 + type] * speed[server];
  }
  void reply(std::size_t server, std::size_t type) {
    const std::uint32_t length = 1 + chance.below(9);
    const double service = factor(server, type) * length * kMillisecond * std::exp(noise_sd * normal());
    now += 1ms;
    learner.observe(server, type, length, Nanos{std::llround(service)}, 10s, now);
  }
  void replies(int n) {
    for (int i = 0; i < n; ++i) reply(chance.below(12), chance.below(3));
  }
  double mean_error() const {
    double sum = 0;
    for (std::size_t server = 0; server < 12; ++server)
      for (std::size_t type = 0; type < 3; ++type)
        sum += std::abs(std::log(learner.estimate(server, type).factor / factor(server, type)));
    return sum / 36;
  }

  Random chance{7};
  CostLearner learner;
  double noise_sd;
  std::array<double, 12> real{};   // [group * 3 + type]
  std::array<double, 12> speed{};  // by server
  Instant now{1s};
};

TEST_CASE("without replies the declared costs hold, and are known to be no more than declared") {
  CostLearner learner(flat_costs());
  CHECK(learner.estimate(3, 1).factor == 1);
  CHECK(learner.estimate(3, 1).sd > CostLearner::kWide);
  CHECK(learner.publish(Instant{1s}).nanos_per_unit == flat_costs().nanos_per_unit);
}

TEST_CASE(
    "wrong costs are found: after 600 replies of twelve servers within a tenth, later within a twentieth") {
  World world(0.25);
  CHECK(world.mean_error() > 0.5);
  world.replies(600);
  CHECK(world.mean_error() < 0.12);
  world.replies(1400);
  CHECK(world.mean_error() < 0.1);
  CHECK(world.learner.noise_sd() == doctest::Approx(0.25).epsilon(0.3));
}

TEST_CASE("what is told of one server teaches about its like, and not about others") {
  CostLearner learner(flat_costs());
  for (int i = 0; i < 60; ++i) {
    for (const std::size_t server : {0, 1}) learner.observe(server, 0, 5, 15ms, 20ms, Instant{1s});
    for (const std::size_t server : {0, 1, 2}) learner.observe(server, 1, 5, 5ms, 20ms, Instant{1s});
  }
  CHECK(learner.estimate(0, 0).factor == doctest::Approx(3).epsilon(0.05));
  CHECK(learner.estimate(2, 0).factor > 2);  // never asked for type 0
  CHECK(learner.estimate(2, 0).samples == 0);
  CHECK(learner.estimate(3, 0).factor == 1);
}

TEST_CASE("a server that becomes three times slower is followed within a hundred replies") {
  World world(0.25);
  world.replies(1000);
  world.speed[4] *= 3;
  for (int i = 0; i < 100; ++i) world.reply(4, world.chance.below(3));
  for (std::size_t type = 0; type < 3; ++type)
    CHECK(world.learner.estimate(4, type).factor == doctest::Approx(world.factor(4, type)).epsilon(0.25));
  CHECK(world.learner.estimate(3, 0).factor == doctest::Approx(world.factor(3, 0)).epsilon(0.25));
}

TEST_CASE("one stalled reply moves little") {
  CostLearner learner(flat_costs());
  for (int i = 0; i < 200; ++i) learner.observe(0, 0, 5, 5ms, 20ms, Instant{1s});
  learner.observe(0, 0, 5, 10s, 20s, Instant{1s});
  CHECK(learner.estimate(0, 0).factor < 1.2);  // it took 2000 times as long
}

TEST_CASE("nothing is learned from what cannot be true or was not measured") {
  CostLearner learner(flat_costs());
  CHECK_FALSE(learner.observe(0, 0, 5, 0ns, 20ms, Instant{1s}));
  CHECK_FALSE(learner.observe(0, 0, 5, 21ms, 20ms, Instant{1s}));
  CHECK_FALSE(learner.observe(0, 0, 0, 1ms, 20ms, Instant{1s}));
  CHECK(learner.estimate(0, 0).samples == 0);
  CHECK(learner.estimate(0, 0).factor == 1);
}

TEST_CASE("however a server lies, its cost stays within bounds and moves no more than twofold per second") {
  CostLearner learner(declared_costs());
  Instant now{1s};
  learner.publish(now);
  double before = kMillisecond;
  for (int i = 0; i < 10; ++i) {
    for (int k = 0; k < 100; ++k) learner.observe(0, 0, 1000, 1ns, 20ms, now);
    now += 500ms;
    const double cost = learner.publish(now).cost(0, 0);
    CHECK(cost >= before / std::sqrt(2.0) * 0.999);
    CHECK(cost >= kMillisecond / CostLearner::kMostFactor * 0.999);
    before = cost;
  }
  CHECK(before == doctest::Approx(kMillisecond / CostLearner::kMostFactor));
}

TEST_CASE("where nothing is declared the scale is learned, and who lies stays within eight times of it") {
  CostLearner learner(flat_costs());
  Instant now{1s};
  for (int i = 0; i < 20; ++i) {
    for (int k = 0; k < 20; ++k) {
      for (std::size_t server = 0; server < 11; ++server)
        learner.observe(server, 0, 5, server < 6 ? 100ms : 200ms, 300ms, now);
      learner.observe(11, 0, 5, 1s, 1s + 1ms, now);
      learner.observe(11, 0, 5, 100s, 101s, now);
    }
    learner.publish(now += 1s);
  }
  const PoolCosts& found = learner.publish(now);
  CHECK(found.cost(0, 0) == doctest::Approx(20 * kMillisecond).epsilon(0.05));
  CHECK(found.cost(7, 0) == doctest::Approx(40 * kMillisecond).epsilon(0.05));
  CHECK(found.cost(11, 0) <= 40 * kMillisecond * CostLearner::kMostFactor * 1.05);
}

TEST_CASE("many replies in one sum teach what they teach one by one") {
  CostLearner one(flat_costs()), many(flat_costs());
  for (int i = 0; i < 50; ++i) one.observe(0, 0, 5, 10ms, 20ms, Instant{1s});
  many.observe_mean(0, 0, std::log(2.0), 50, Instant{1s});
  CHECK(many.estimate(0, 0).samples == 50);
  CHECK(many.estimate(0, 0).factor == doctest::Approx(one.estimate(0, 0).factor).epsilon(0.1));
}

}  // namespace
}  // namespace finishline::sched
