// What holds for late binding whatever the pool, the prices and the traffic.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "lb/model/fractional_load.h"
#include "lb/sched/planner.h"
#include "tests/support/waiting_pool.h"

namespace finishline::sched {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

int below(int n) { return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, n)); }

/// Each type can be done somewhere; about every fifth pair cannot.
PoolCosts any_costs() {
  const auto servers = static_cast<std::size_t>(1 + below(5));
  PoolCosts costs{.servers = {}, .types = static_cast<std::size_t>(1 + below(3)), .nanos_per_unit = {}};
  for (std::size_t i = 0; i < servers; ++i)
    costs.servers.push_back({static_cast<ServerGroup>(below(3)), static_cast<std::uint32_t>(1 + below(2))});
  for (std::size_t i = 0; i < servers * costs.types; ++i)
    costs.nanos_per_unit.push_back(below(5) == 0 ? kNever : 1 + below(4));
  for (std::size_t type = 0; type < costs.types; ++type) costs.nanos_per_unit[type * servers] = 2;
  return costs;
}

PoolPlan any_plan() {
  PoolPlan plan{.load = below(12) / 10.0};
  double sum = 0;
  for (std::size_t group = 0; group < 3; ++group) sum += plan.price[group] = below(4);
  for (double& price : plan.price) price = sum > 0 ? price / sum * below(2) : 0;
  return plan;
}

WaitOrder any_order() { return static_cast<WaitOrder>(below(3)); }

/// By the letter: time of each group for a unit of each type.
std::vector<double> group_times(const PoolCosts& costs) {
  std::vector<double> times;
  for (std::size_t group = 0; group < costs.groups(); ++group) {
    for (std::size_t type = 0; type < costs.types; ++type) {
      double rate = 0;
      for (std::size_t server = 0; server < costs.servers.size(); ++server)
        if (costs.servers[server].group == group)
          rate += costs.servers[server].slots / costs.cost(server, type);
      times.push_back(rate > 0 ? 1 / rate : kNever);
    }
  }
  return times;
}

/// The mean over the servers of each group.
std::vector<double> busy_times(const PoolCosts& costs, const std::vector<std::int64_t>& finish) {
  std::vector<double> sum(costs.groups(), 0.0), servers(costs.groups(), 0.0);
  for (std::size_t i = 0; i < finish.size(); ++i) {
    sum[costs.servers[i].group] += static_cast<double>(finish[i]);
    ++servers[costs.servers[i].group];
  }
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] /= std::max(servers[i], 1.0);
  return sum;
}

test::WaitingPool any_pool(const MatchingRule& rule) {
  test::WaitingPool pool(rule, any_costs());
  pool.matching.follow(any_plan());
  for (std::int64_t& finish : pool.finish) finish = below(30);
  const int requests = below(12);
  for (int i = 0; i < requests; ++i)
    pool.wait(static_cast<std::uint32_t>(i),
              static_cast<std::uint8_t>(below(static_cast<int>(pool.queue.lanes().size()))),
              static_cast<std::uint32_t>(1 + below(9)), below(20));
  return pool;
}

TEST_CASE(
    "whatever the prices, the horizon is not above the optimum of the programme, so old prices are safe") {
  CHECK(rc::check("horizon <= optimum", [] {
    test::WaitingPool pool = any_pool({.order = any_order()});
    const PoolCosts& costs = pool.matching.costs();
    std::vector<double> waiting;
    for (const WaitLane& lane : pool.queue.lanes()) waiting.push_back(static_cast<double>(lane.volume));
    pool.choose(0);
    model::FractionalLoad programme(group_times(costs), costs.types);
    const double optimum = programme.solve(waiting, busy_times(costs, pool.finish));
    RC_ASSERT(static_cast<double>(pool.matching.horizon().count()) <= optimum + 1e-6);
  }));
}

TEST_CASE("with the plan's prices the horizon is the optimum of the programme") {
  CHECK(rc::check("horizon == optimum", [] {
    test::WaitingPool pool = any_pool({});
    const PoolCosts& costs = pool.matching.costs();
    std::vector<double> waiting;
    for (const WaitLane& lane : pool.queue.lanes()) waiting.push_back(static_cast<double>(lane.volume));
    Planner planner(costs);
    const std::vector<std::uint64_t> nothing(costs.types);
    pool.matching.follow(planner.plan_of({.now = Instant{},
                                          .finish = pool.finish,
                                          .waiting = waiting,
                                          .arrived = nothing,
                                          .requests = nothing}));
    pool.choose(0);
    RC_ASSERT(std::abs((pool.matching.horizon() - planner.horizon()).count()) <= 1);
  }));
}

TEST_CASE("who is chosen waits, can be done here, and is who the choice says") {
  CHECK(rc::check("a sound choice", [] {
    test::WaitingPool pool = any_pool({.order = any_order(), .patience = Nanos{below(20)}});
    pool.now = below(10);
    for (std::int64_t& finish : pool.finish) finish = std::max(finish, pool.now);
    for (std::size_t server = 0; server < pool.finish.size(); ++server) {
      const auto choice = pool.choose(server);
      if (!choice) continue;
      RC_ASSERT(choice->handle != kNobody);
      const Waiter& waiter = pool.queue.waiter(choice->handle);
      RC_ASSERT(waiter.type == choice->type);
      RC_ASSERT(waiter.length == choice->length);
      RC_ASSERT(pool.matching.costs().cost(server, choice->type) < kNever);
    }
  }));
}

TEST_CASE("work is left waiting only for a cheaper server that is there") {
  CHECK(rc::check("no idling", [] {
    test::WaitingPool pool = any_pool({.order = any_order()});
    const PoolCosts& costs = pool.matching.costs();
    for (std::size_t server = 0; server < pool.finish.size(); ++server) {
      if (pool.choose(server)) continue;
      for (const WaitLane& lane : pool.queue.lanes()) {
        const double own = costs.cost(server, lane.type);
        if (lane.count == 0 || own == kNever) continue;
        double least = own;
        for (std::size_t other = 0; other < pool.finish.size(); ++other)
          least = std::min(least, costs.cost(other, lane.type));
        RC_ASSERT(least < own);
      }
    }
  }));
}

TEST_CASE("nobody is passed in order by what came later than its arrival + B * (p - least p)") {
  CHECK(rc::check("the passing bound", [] {
    const double aging = below(5);
    test::WaitingPool pool({.order = WaitOrder::shortest, .aging = aging}, any_costs());
    pool.matching.follow(any_plan());
    const auto types = static_cast<int>(pool.queue.lanes().size());
    std::vector<std::int64_t> arrivals;
    for (std::uint32_t i = 0; i < 30; ++i) {
      arrivals.push_back(i == 0 ? 0 : arrivals.back() + below(6));
      pool.wait(i, static_cast<std::uint8_t>(below(types)), static_cast<std::uint32_t>(1 + below(9)),
                arrivals.back());
    }
    const PoolCosts& costs = pool.matching.costs();
    while (const auto choice =
               pool.choose(static_cast<std::size_t>(below(static_cast<int>(costs.servers.size()))))) {
      pool.queue.remove(choice->handle);
      if (choice->reason != Reason::in_order) continue;
      double cheapest = kNever;
      for (std::size_t i = 0; i < costs.servers.size(); ++i)
        cheapest = std::min(cheapest, costs.cost(i, choice->type));
      for (std::uint32_t other = 0; other < 30; ++other) {  // of the same type: the same class and tier
        if (!pool.queue.waits(other)) continue;
        const Waiter& waiter = pool.queue.waiter(other);
        if (waiter.type != choice->type) continue;
        const double may_pass =
            static_cast<double>(arrivals[other]) + aging * cheapest * (waiter.length - 1.0);
        RC_ASSERT(static_cast<double>(arrivals[choice->handle]) <= may_pass);
      }
    }
  }));
}

constexpr int kWorth = 500;  // of one class above the other: that much earlier its requests seem to come

/// Serves for ever, with new requests of the other types and of higher classes always there; until the first
/// one, of type 0, is served.
Nanos time_until_served(test::WaitingPool& pool) {
  const PoolCosts& costs = pool.matching.costs();
  pool.wait(0, 0, 1);
  for (std::uint32_t next = 1; pool.queue.waits(0); next = next % 60 + 1) {
    const auto server = static_cast<std::size_t>(std::ranges::min_element(pool.finish) - pool.finish.begin());
    pool.now = pool.finish[server];
    for (std::uint32_t i = 0; i < 4; ++i) {
      const auto type = static_cast<std::uint8_t>(below(static_cast<int>(costs.types)));
      const std::uint32_t handle = 1 + (4 * next + i) % 240;
      if (!pool.queue.waits(handle))
        pool.wait(handle, type, static_cast<std::uint32_t>(1 + below(9)), pool.now - below(3) * kWorth);
    }
    if (pool.now > 20000) break;
    std::vector<std::int64_t> seen = pool.finish;
    for (std::int64_t& finish : pool.finish) finish = std::max(finish, pool.now);
    const auto choice = pool.choose(server);
    pool.finish = seen;
    const double service = choice ? costs.cost(server, choice->type) * choice->length : 1;
    if (choice) pool.queue.remove(choice->handle);
    pool.finish[server] = pool.now + static_cast<std::int64_t>(service);
  }
  return Nanos{pool.now};
}

TEST_CASE("nobody starves: not behind another class, longer work or higher priorities, not in any order") {
  CHECK(rc::check("no starvation", [] {
    const MatchingRule rule{.order = below(2) == 0 ? WaitOrder::balanced : WaitOrder::shortest,
                            .patience = Nanos{1000}};
    test::WaitingPool pool(rule, any_costs());
    pool.matching.follow(any_plan());
    RC_ASSERT(time_until_served(pool) < Nanos{10000});
  }));
}

TEST_CASE(
    "who asks for one thing waits for no more than max_ahead of each other client and type, however much "
    "they ask") {
  CHECK(rc::check("no client starves", [] {
    const auto max_ahead = static_cast<std::uint32_t>(1 + below(5));
    const auto clients = static_cast<std::uint32_t>(1 + below(4));
    WaitingQueue queue(1, 0, max_ahead);
    std::int64_t now = 0;
    std::uint32_t handle = 1;
    const auto flood = [&](std::uint32_t client) {
      queue.push(handle, {.key = now, .length = 1, .client = client, .since = now});
      ++handle;
    };
    for (std::uint32_t i = 0; i < 40 * clients; ++i) flood(1 + i % clients);
    queue.push(0, {.key = ++now, .length = 1, .client = 0, .since = now});
    std::uint32_t served = 0;
    for (; queue.waits(0); ++served) {
      queue.set_time(++now);
      queue.remove(queue.head(0));
      flood(1 + static_cast<std::uint32_t>(below(static_cast<int>(clients))));
    }
    RC_ASSERT(served <= max_ahead * clients + 1);
  }));
}

TEST_CASE("whatever enters and leaves, everybody who waits is served once, and the lane says what there is") {
  CHECK(rc::check("a sound queue", [] {
    WaitingQueue queue(2, 0, static_cast<std::uint32_t>(below(4)));
    std::int64_t now = 0;
    for (int step = 0; step < 120; ++step) {
      queue.set_time(now += below(4));
      const auto handle = static_cast<std::uint32_t>(below(20));
      if (queue.waits(handle)) {
        queue.remove(handle);
      } else {
        queue.push(handle, {.key = now + below(9),
                            .latest_start = below(2) == 0 ? kNoKey : now + below(30),
                            .length = static_cast<std::uint32_t>(1 + below(9)),
                            .type = static_cast<std::uint8_t>(below(2)),
                            .client = static_cast<std::uint32_t>(below(4)),
                            .since = now});
      }
      for (std::uint8_t type = 0; type < 2; ++type) {
        std::uint64_t volume = 0, count = 0;
        for (std::uint32_t i = 0; i < 20; ++i)
          if (queue.waits(i) && queue.waiter(i).type == type) ++count, volume += queue.waiter(i).length;
        RC_ASSERT(queue.lanes()[type].count == count);
        RC_ASSERT(queue.lanes()[type].volume == volume);
        RC_ASSERT((queue.head(type) == kNobody) == (count == 0));
      }
    }
    for (std::uint8_t type = 0; type < 2; ++type)
      while (!queue.empty(type)) queue.remove(queue.head(type));
    RC_ASSERT(queue.size() == 0);
  }));
}

}  // namespace
}  // namespace finishline::sched
