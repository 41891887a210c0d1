#include "lb/control/performance_meter.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "lb/ledger/worker_status.h"
#include "lb/sim/simulation.h"
#include "tests/unit/sim/scenarios.h"

using namespace finishline;
using namespace finishline::control;

namespace {

/// A pool "media", a worker that records what it serves, and somebody who measures it.
struct MeterDesk {
  MeterDesk() {
    note_worker(ledger, 0);
    for (const ServerSpec& server : scenario.servers) {
      REQUIRE(ledger.ensure_server(server.name, 1) == server.number);
      ledger.set_state(server.number, ledger::ServerState::up);
    }
  }
  /// The worker serves the scenario under this policy from now on, as its records say, which are here
  /// already.
  sim::Result serve(const char* policy) {
    const sim::Result result = sim::run_simulation(scenario, *sched::find_policy(policy), {}, 1);
    const Instant begin = loop.fresh_now();
    for (const sim::Assignment& it : result.assignments) write(it, begin);
    recorder.poll();
    return result;
  }
  void write(const sim::Assignment& it, Instant begin) {
    writer.write({.received_at = begin + it.request.at,
                  .service = it.service,
                  .response = it.latency(),
                  .length = it.request.length,
                  .server = static_cast<ledger::ServerId>(*it.server),
                  .pool = row,
                  .type = it.request.type});
  }
  std::vector<PerformanceMeter::MeasuredPool> pools() const {
    return {{.row = row,
             .cost = scenario.cost,
             .servers = scenario.servers,
             .weights = {1, 1, 1},
             .backups = {false, false, false},
             .params = {},
             .shadows = {*sched::find_policy("round-robin"), *sched::find_policy("least-work"),
                         sim::LateBindingParams{}}}};
  }
  bool recording() const { return ledger::PoolOrders(ledger, row).recording(); }
  /// Lets the loop turn until this is so.
  template <class Condition>
  void turn_until(Condition reached) {
    net::Timer poll(loop, [&] {
      if (reached()) loop.stop();
    });
    net::Timer patience(loop, [&] { loop.stop(); });
    poll.start(5ms, 5ms);
    patience.start(20s);
    loop.run();
    REQUIRE(reached());
  }

  sim::Scenario scenario = test::seed_batch(300);
  ledger::Ledger ledger = std::get<ledger::Ledger>(ledger::Ledger::create({1, 4}));
  ledger::PoolId row = *ledger::ensure_pool(ledger, "media");
  Names names{{"video", "picture", "music"}, {}, {row}};
  net::Loop loop;
  Recorder recorder{loop, ledger, names};
  PerformanceMeter meter{loop, ledger, recorder, pools()};
  ledger::RecordWriter writer{ledger, 0};
};

}  // namespace

TEST_CASE("a pool is recorded only when somebody looks") {
  MeterDesk desk;
  CHECK_FALSE(desk.recording());
  CHECK_FALSE(desk.meter.of(desk.row).has_value());
  desk.meter.look();
  CHECK(desk.recording());
  desk.meter.change_to({});
  CHECK_FALSE(desk.recording());
}

TEST_CASE("of a pool that has served nothing nothing is known") {
  MeterDesk desk;
  desk.meter.look();
  int turns = 0;
  desk.turn_until([&] { return ++turns > 100; });
  CHECK_FALSE(desk.meter.of(desk.row).has_value());
}

TEST_CASE("what a pool has just done is told with what others would have made of it") {
  MeterDesk desk;
  desk.meter.look();
  const sim::Result result = desk.serve("round-robin");
  desk.turn_until([&] {
    const auto known = desk.meter.of(desk.row);
    return known && !known->shadows.empty();
  });
  const PoolPerformance known = *desk.meter.of(desk.row);
  REQUIRE(known.shadows.size() == 3);
  CHECK(known.shadows[0].policy == "round-robin");
  CHECK(known.shadows[2].policy == "makespan");
  CHECK(known.shadow_requests == 300);
  CHECK(result.ratio() > 1.5);
  CHECK(*known.window == doctest::Approx(result.ratio()).epsilon(0.001));
  CHECK(*known.busy == doctest::Approx(result.ratio()).epsilon(0.001));
  CHECK(*known.idle_share > 0.05);
  CHECK(known.span < PerformanceMeter::kWindow / 1s);
  CHECK(*known.shadows[0].regret == doctest::Approx(0).epsilon(0.001));
  CHECK(*known.shadows[2].regret < -0.3);
  CHECK(*known.shadows[2].ratio < 1.05);
}

TEST_CASE("work that is under way comes to nothing when a reload comes, and hurts nobody") {
  MeterDesk desk;
  desk.meter.look();
  desk.serve("makespan");
  int turns = 0;
  desk.turn_until([&] { return ++turns > 25; });
  desk.recorder.follow_names();
  desk.meter.change_to(desk.pools());
  CHECK(desk.recording());
  CHECK_FALSE(desk.meter.of(desk.row).has_value());
  desk.turn_until([&] { return ++turns > 50; });
}

TEST_CASE("a reload keeps what the last minute brought, wherever its servers stand now") {
  MeterDesk desk;
  desk.meter.look();
  const sim::Result result = desk.serve("round-robin");
  auto pools = desk.pools();
  std::ranges::reverse(pools[0].servers);
  desk.recorder.follow_names();
  desk.meter.change_to(pools);
  desk.turn_until([&] { return desk.meter.of(desk.row).has_value(); });
  CHECK(*desk.meter.of(desk.row)->window == doctest::Approx(result.ratio()).epsilon(0.001));
}

TEST_CASE("a reload that changes what work costs begins anew") {
  MeterDesk desk;
  desk.meter.look();
  desk.serve("round-robin");
  auto pools = desk.pools();
  pools[0].cost = CostModel::seed(3ms);
  desk.recorder.follow_names();
  desk.meter.change_to(pools);
  int turns = 0;
  desk.turn_until([&] { return ++turns > 100; });
  CHECK_FALSE(desk.meter.of(desk.row).has_value());
}

TEST_CASE("a meter ends in the middle of its work") {
  MeterDesk desk;
  desk.meter.look();
  desk.serve("makespan");
  int turns = 0;
  desk.turn_until([&] { return ++turns > 22; });
}
