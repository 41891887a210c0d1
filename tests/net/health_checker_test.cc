// A pool under watch, on a real loop and ledger: what checks and counters do to the states.
#include "lb/control/health_checker.h"

#include <doctest/doctest.h>

#include <optional>

#include "tests/support/loop_stage.h"

using namespace finishline;
using namespace finishline::control;
using namespace finishline::test;
using ledger::AdminState;
using ledger::ServerState;

namespace {

/// Two servers: "a" is checked at a port of the test's own, if there is one, "b" is not checked.
struct Ward {
  explicit Ward(sched::HealthOptions options = {.rise = 2, .fall = 2, .eject_time = 20ms})
      : options_(options) {
    open();
  }

  void watch() {
    watcher.reset();
    watcher.emplace(stage.loop, ledger,
                    PoolWatch::Options{options_,
                                       2ms,
                                       {{a, "a", Probe::Options{address, Probe::Kind::connect, "", 1s}},
                                        {b, "b", std::nullopt}}},
                    1);
  }
  void open() {
    port.emplace();
    address = port->address;
  }
  bool reaches(ServerState state) {
    return stage.until({}, [&] { return ledger.state(a) == state; });
  }
  void met(ledger::ServerId server, int served, int errors, int lost) {
    metrics.add(server, ledger::ServerCell::good_replies, served);
    metrics.add(server, ledger::ServerCell::faults, errors);
    while (lost-- > 0) metrics.failed(server, proto::Status::server_lost);
    watcher->sample();
  }

  sched::HealthOptions options_;
  ledger::Ledger ledger = std::get<ledger::Ledger>(ledger::Ledger::create({1, 4}));
  ledger::ServerId a = *ledger.ensure_server("a", 1);
  ledger::ServerId b = *ledger.ensure_server("b", 1);
  ledger::WorkerMetrics metrics{ledger, 0};
  ledger::WorkerBooks books{ledger, 0};
  std::optional<Port> port;
  net::Address address;
  LoopStage stage;
  std::optional<PoolWatch> watcher;
};

}  // namespace

TEST_CASE("a server that nobody answers for goes down, and its checks are counted") {
  Ward ward;
  ward.port.reset();
  ward.watch();
  REQUIRE(ward.reaches(ServerState::down));
  CHECK(ward.ledger.check_failures(ward.a) >= 2);
  CHECK(ward.ledger.state(ward.b) == ServerState::up);
}

TEST_CASE("the next control process goes on from the states in the ledger") {
  Ward ward;
  ward.ledger.set_health(ward.a, sched::Health::down);
  ward.ledger.set_health(ward.b, sched::Health::down);
  ward.watch();
  CHECK(ward.ledger.state(ward.a) == ServerState::down);
  CHECK(ward.ledger.state(ward.b) == ServerState::up);  // nobody checks it any more
  CHECK(ward.reaches(ServerState::up));
}

TEST_CASE("errors eject a server, and a served trial takes it back") {
  Ward ward;
  ward.watch();
  ward.met(ward.b, 0, 5, 0);
  REQUIRE(ward.ledger.state(ward.b) == ServerState::ejected);
  CHECK(ward.ledger.ejections(ward.b) == 1);
  REQUIRE(ward.stage.until({}, [&] {
    ward.watcher->sample();
    return ward.ledger.state(ward.b) == ServerState::half_open;
  }));
  CHECK_FALSE(ward.ledger.trial_taken(ward.b));
  const auto trial =
      ward.books.try_reserve(ward.b, ward.ledger.finish_word(ward.b), 1ms, ward.stage.loop.now());
  REQUIRE(trial);
  ward.books.settle(*trial, 1ms, 0ns, ward.stage.loop.now());
  ward.met(ward.b, 1, 0, 0);
  CHECK(ward.ledger.state(ward.b) == ServerState::up);
}

TEST_CASE("requests lost with one connection are one failure, and missed deadlines none") {
  Ward ward;
  ward.watch();
  ward.met(ward.b, 0, 0, 100);
  for (int i = 0; i < 100; ++i) ward.metrics.failed(ward.b, proto::Status::deadline_exceeded);
  ward.met(ward.b, 0, 0, 0);
  CHECK(ward.ledger.state(ward.b) == ServerState::up);
  for (int i = 0; i < 4; ++i) ward.met(ward.b, 0, 0, 100);
  CHECK(ward.ledger.state(ward.b) == ServerState::ejected);
}

TEST_CASE("what was counted before the watch began is history") {
  Ward ward;
  ward.metrics.add(ward.b, ledger::ServerCell::faults, 100);
  ward.watch();
  ward.met(ward.b, 0, 4, 0);
  CHECK(ward.ledger.state(ward.b) == ServerState::up);
}

TEST_CASE("a drained server is draining whatever its health, and none is ejected when no other would stay") {
  Ward ward;
  ward.watch();
  CHECK(ward.watcher->set_admin(ward.a, AdminState::drain));
  CHECK_FALSE(ward.watcher->set_admin(99, AdminState::drain));
  CHECK(ward.ledger.state(ward.a) == ServerState::draining);
  ward.met(ward.b, 0, 100, 0);
  CHECK(ward.ledger.state(ward.b) == ServerState::up);
  ward.watch();  // another control process
  ward.met(ward.b, 0, 100, 0);
  CHECK(ward.ledger.state(ward.b) == ServerState::up);
  ward.watcher->set_admin(ward.a, AdminState::ready);
  CHECK(ward.ledger.state(ward.a) == ServerState::up);
}
