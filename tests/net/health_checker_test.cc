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

  /// Another control process.
  void watch() {
    watcher.reset();
    known.clear();
    watcher.emplace(stage.loop, ledger, wanted(), 1, known);
  }
  /// The same one under another configuration.
  void reload() {
    watcher->dissolve(known);
    watcher.emplace(stage.loop, ledger, wanted(), 1, known);
    known.clear();
  }
  PoolWatch::Options wanted() const {
    const Probe::Options probe{.address = address, .kind = kind, .path = "/", .timeout = timeout};
    return {"media", options_, interval, {{a, "a", "", probe}, {b, "b", "", std::nullopt}}};
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
  Nanos interval = 2ms;
  Nanos timeout = 1s;
  Probe::Kind kind = Probe::Kind::connect;
  ledger::Ledger ledger = std::get<ledger::Ledger>(ledger::Ledger::create({1, 4}));
  ledger::ServerId a = *ledger.ensure_server("a", 1);
  ledger::ServerId b = *ledger.ensure_server("b", 1);
  ledger::WorkerMetrics metrics{ledger, 0};
  ledger::WorkerBooks books{ledger, 0};
  std::optional<Port> port;
  net::Address address;
  LoopStage stage;
  PoolWatch::KnownByName known;
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

// --- what may begin anew at a reload: nothing that is counted or timed ------------------------------------

TEST_CASE("a run of failed checks goes on through reloads") {
  Ward ward({.fall = 4});
  ward.port.reset();
  ward.interval = 100ms;  // a quarter of it while the run lasts
  ward.watch();
  for (std::int64_t failures = 1; failures <= 3; ++failures) {
    REQUIRE(ward.stage.until({}, [&] { return ward.ledger.check_failures(ward.a) >= failures; }));
    ward.reload();
  }
  CHECK(ward.reaches(ServerState::down));
  CHECK(ward.ledger.check_failures(ward.a) == 4);
}

TEST_CASE("a run of failed checks goes on in the next control process") {
  Ward ward({.fall = 4});
  ward.port.reset();
  ward.interval = 100ms;  // a quarter of it while the run lasts
  ward.watch();
  for (std::int64_t failures = 1; failures <= 3; ++failures) {
    REQUIRE(ward.stage.until({}, [&] { return ward.ledger.check_failures(ward.a) >= failures; }));
    ward.watch();
  }
  CHECK(ward.reaches(ServerState::down));
  CHECK(ward.ledger.check_failures(ward.a) == 4);
}

TEST_CASE("reloads that come more often than checks do not keep them from taking place") {
  Ward ward;
  ward.port.reset();
  ward.interval = 100ms;
  ward.watch();
  net::Timer reloads(ward.stage.loop, [&] { ward.reload(); });
  reloads.start(10ms, 10ms);
  CHECK(ward.reaches(ServerState::down));
}

TEST_CASE("control processes that end more often than checks do not keep them from taking place") {
  Ward ward;
  ward.port.reset();
  ward.interval = 100ms;
  ward.watch();
  net::Timer deaths(ward.stage.loop, [&] { ward.watch(); });
  deaths.start(30ms, 30ms);
  CHECK(ward.reaches(ServerState::down));
}

TEST_CASE("a check that is under way when a reload comes is not begun anew") {
  Ward ward;
  ward.kind = Probe::Kind::ping;  // the port accepts and says nothing
  ward.timeout = 50ms;
  ward.watch();
  net::Timer reloads(ward.stage.loop, [&] { ward.reload(); });
  reloads.start(10ms, 10ms);
  CHECK(ward.reaches(ServerState::down));
}

TEST_CASE("a check that is another one now is begun at once") {
  Ward ward;
  ward.kind = Probe::Kind::ping;
  ward.timeout = 3600s;
  ward.watch();
  int connection = -1;
  REQUIRE(ward.stage.until(
      {}, [&] { return (connection = ::accept4(ward.port->fd, nullptr, nullptr, SOCK_CLOEXEC)) >= 0; }));
  ward.kind = Probe::Kind::connect;
  ward.options_.fall = 1;
  ward.port.reset();
  ward.reload();
  CHECK(ward.reaches(ServerState::down));
  ::close(connection);
}

TEST_CASE("a shorter interval holds from the reload on, not from the check after next") {
  Ward ward({.fall = 1});
  ward.port.reset();
  ward.interval = 3600s;
  ward.watch();
  ward.interval = 2ms;
  ward.reload();
  CHECK(ward.reaches(ServerState::down));
}

TEST_CASE(
    "failed requests in a row, and how often a server was ejected, are known after a reload and a restart") {
  Ward ward({.eject_after = 6, .eject_time = 3600s});
  ward.watch();
  ward.met(ward.b, 0, 2, 0);
  ward.reload();
  ward.met(ward.b, 0, 2, 0);
  ward.watch();
  CHECK(ward.ledger.state(ward.b) == ServerState::up);
  ward.met(ward.b, 0, 2, 0);
  CHECK(ward.ledger.state(ward.b) == ServerState::ejected);
  const sched::HealthNotes before = ward.ledger.health_notes(ward.b);
  CHECK(before.doublings == 1);
  ward.reload();
  ward.watch();
  CHECK(ward.ledger.health_notes(ward.b) == before);
}

TEST_CASE("what workers met while a reload took place is not lost") {
  Ward ward;
  ward.watch();
  ward.metrics.add(ward.b, ledger::ServerCell::faults, 5);
  ward.reload();
  ward.watcher->sample();
  CHECK(ward.ledger.state(ward.b) == ServerState::ejected);
}

TEST_CASE("a server whose checks a reload turns off gets the benefit of the doubt") {
  Ward ward;
  ward.port.reset();
  ward.watch();
  REQUIRE(ward.reaches(ServerState::down));
  std::swap(ward.a, ward.b);  // the other one is checked now
  PoolWatch::Options other = ward.wanted();
  std::swap(other.members[0].name, other.members[1].name);
  ward.watcher->dissolve(ward.known);
  ward.watcher.emplace(ward.stage.loop, ward.ledger, std::move(other), 1, ward.known);
  CHECK(ward.ledger.state(ward.b) == ServerState::up);
  CHECK(ward.reaches(ServerState::down));
}
