#include "lb/control/adaptive_controller.h"

#include <doctest/doctest.h>

#include "lb/ledger/worker_status.h"
#include "lb/sim/simulation.h"
#include "tests/unit/sim/scenarios.h"

using namespace finishline;
using namespace finishline::control;

namespace {

std::uint8_t number(const char* policy) { return sched::find_choice(policy)->number; }

/// A pool "media" that begins with round-robin, and a worker that records what it serves.
struct Desk {
  Desk() {
    note_worker(ledger, 0);
    for (const ServerSpec& server : scenario.servers)
      REQUIRE(ledger.ensure_server(server.name, 1) == server.number);
    ledger::configure_policy(ledger, row, number("round-robin"), number("round-robin"));
  }
  /// Lets the worker serve the scenario in real time, as far as the clock of the tuner goes.
  void serve() {
    const Instant begin = loop.fresh_now();
    const sim::Result result = sim::run_simulation(scenario, *sched::find_policy("round-robin"), {}, 1);
    for (const sim::Assignment& it : result.assignments) {
      writer.write({.received_at = begin + it.request.at,
                    .service = it.service,
                    .response = it.latency(),
                    .length = it.request.length,
                    .server = static_cast<ledger::ServerId>(*it.server),
                    .pool = row,
                    .type = it.request.type});
    }
    recorder.poll();
  }
  std::uint8_t running() const { return ledger::pool_policy(ledger, row).running; }
  bool recording() const { return ledger::PoolOrders(ledger, row).recording(); }

  sim::Scenario scenario = test::seed_poisson(1000, 0.9);
  ledger::Ledger ledger = std::get<ledger::Ledger>(ledger::Ledger::create({1, 4}));
  ledger::PoolId row = *ledger::ensure_pool(ledger, "media");
  Names names{{"video", "picture", "music"}, {}, {row}};
  net::Loop loop;
  Recorder recorder{loop, ledger, names};
  PolicyService desk{ledger, {{.name = "media", .row = row}}};
  std::vector<AdaptiveController::AdaptivePool> pools() const {
    return {{.row = row, .cost = scenario.cost, .servers = scenario.servers, .weights = {}, .params = {}}};
  }
  AdaptiveController tuner{loop, ledger, recorder, desk, pools()};
  ledger::RecordWriter writer{ledger, 0};
};

}  // namespace

TEST_CASE("a pool that nobody made adaptive is neither recorded nor touched") {
  Desk desk;
  desk.tuner.tick();
  CHECK_FALSE(desk.recording());
  desk.serve();
  desk.tuner.tick();
  CHECK(desk.running() == number("round-robin"));
}

TEST_CASE("a pool made adaptive is heard, given a better policy, and let go when somebody else chooses") {
  Desk desk;
  CHECK(desk.desk.choose("media", "adaptive") == "");
  CHECK(desk.running() == number("round-robin"));
  desk.tuner.tick();
  CHECK(desk.recording());
  desk.serve();
  desk.tuner.tick();
  CHECK(desk.running() != number("round-robin"));
  CHECK(ledger::pool_policy(desk.ledger, desk.row).chosen == number("adaptive"));
  CHECK(desk.desk.choose("media", "random") == "");
  desk.tuner.tick();
  CHECK_FALSE(desk.recording());
  CHECK(desk.running() == number("random"));
}

TEST_CASE("records of servers and types that the configuration no longer has are passed over") {
  Desk desk;
  REQUIRE(desk.desk.choose("media", "adaptive") == "");
  desk.tuner.tick();
  desk.writer.write(
      {.received_at = desk.loop.now(), .service = 1ms, .length = 1, .server = 3, .pool = desk.row});
  desk.writer.write(
      {.received_at = desk.loop.now(), .service = 1ms, .length = 1, .pool = desk.row, .type = 60});
  desk.recorder.poll();
  desk.tuner.tick();
  CHECK(desk.running() == number("round-robin"));
}

TEST_CASE("what an adaptive pool has heard counts on when a reload comes") {
  Desk desk;
  REQUIRE(desk.desk.choose("media", "adaptive") == "");
  desk.tuner.tick();
  desk.serve();
  desk.recorder.follow_names();
  desk.tuner.change_to(desk.pools());
  CHECK(desk.recording());
  desk.tuner.tick();
  CHECK(desk.running() != number("round-robin"));
  desk.tuner.change_to({});
  CHECK_FALSE(desk.recording());
}
