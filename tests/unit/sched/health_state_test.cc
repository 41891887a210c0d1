#include "lb/sched/health_state.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::sched;

namespace {

using State = Checks::State;

const Instant kStart{std::chrono::hours(1)};

/// A pool of servers that are up, and a clock that the test moves.
struct Ward {
  explicit Ward(std::size_t servers, HealthOptions options = {})
      : pool(options, std::vector<Health>(servers, Health::up), 1, kStart) {}

  void pass(std::size_t server, int times = 1) {
    while (times-- > 0) pool.checked(server, true, now);
  }
  void fail(std::size_t server, int times = 1) {
    while (times-- > 0) pool.checked(server, false, now);
  }
  void met(std::size_t server, std::int64_t served, std::int64_t failed) {
    pool.experienced(server, {.served = served, .failed = failed}, now);
  }
  void later(Nanos span) { pool.tick(now += span); }
  /// Past the back-off of the last ejection, its jitter included.
  void past_back_off(std::size_t server) { later(pool[server].breaker().open_until() - now); }
  Health of(std::size_t server) const { return pool[server].health(); }
  Nanos back_off(std::size_t server) const { return pool[server].breaker().open_until() - now; }

  PoolHealth pool;
  Instant now = kStart;
};

}  // namespace

TEST_CASE("a server falls after so many failed checks in a row, and is suspect before") {
  Ward ward(1, {.fall = 3});
  ward.fail(0);
  CHECK(ward.pool[0].checks().state() == State::suspect);
  ward.fail(0);
  CHECK(ward.of(0) == Health::up);
  ward.fail(0);
  CHECK(ward.of(0) == Health::down);
}

TEST_CASE("a passed check wipes out the doubts, a failed one the hopes") {
  Ward ward(1, {.rise = 2, .fall = 2});
  ward.fail(0);
  ward.pass(0);
  ward.fail(0);
  CHECK(ward.of(0) == Health::up);
  ward.fail(0);
  REQUIRE(ward.of(0) == Health::down);
  ward.pass(0);
  CHECK(ward.pool[0].checks().state() == State::recovering);
  ward.fail(0);
  ward.pass(0);
  CHECK(ward.of(0) == Health::down);
  ward.pass(0);
  CHECK(ward.of(0) == Health::up);
}

TEST_CASE("rise and fall of one need a single check") {
  Ward ward(1, {.rise = 1, .fall = 1});
  ward.fail(0);
  CHECK(ward.of(0) == Health::down);
  ward.pass(0);
  CHECK(ward.of(0) == Health::up);
}

TEST_CASE("a run of failures ejects a server, whatever the readings it is spread over") {
  Ward ward(2, {.eject_after = 5});
  ward.met(0, 0, 2);
  ward.met(0, 0, 0);  // nothing happened: the run goes on
  ward.met(0, 1, 2);  // mostly failures
  CHECK(ward.of(0) == Health::up);
  ward.met(0, 0, 1);
  CHECK(ward.of(0) == Health::ejected);
}

TEST_CASE("a good stretch ends a run of failures") {
  Ward ward(2, {.eject_after = 5});
  ward.met(0, 0, 4);
  ward.met(0, 3, 3);
  ward.met(0, 0, 4);
  CHECK(ward.of(0) == Health::up);
}

TEST_CASE("a server is ejected when more of its requests fail than may, though no run of failures is long") {
  Ward ward(2, {.eject_after = 5, .eject_over = 0.1});
  for (int i = 0; i < 12; ++i) ward.met(0, 9, 1);
  CHECK(ward.of(0) == Health::up);
  for (int i = 0; i < 12; ++i) ward.met(0, 8, 2);
  CHECK(ward.of(0) == Health::ejected);
}

TEST_CASE("few requests are too few to judge a share of failures by") {
  Ward ward(2, {.eject_after = 5, .eject_over = 0.1});
  for (int i = 0; i < 4; ++i) ward.met(0, 5, 5);
  CHECK(ward.of(0) == Health::up);
}

TEST_CASE("a place that nobody is in counts as no server: the others may not all be ejected because of it") {
  Ward ward(4, {.eject_after = 1, .max_ejected = 0.5});
  ward.pool.vacate(2, ward.now);
  ward.pool.vacate(3, ward.now);
  ward.met(0, 0, 1);
  CHECK(ward.of(0) == Health::ejected);
  ward.met(1, 0, 1);
  CHECK(ward.of(1) == Health::up);
}

TEST_CASE("who comes into a place has not done what the one before has") {
  Ward ward(2, {.rise = 2, .eject_after = 1});
  ward.met(0, 0, 1);
  REQUIRE(ward.of(0) == Health::ejected);
  ward.pool.vacate(0, ward.now);
  ward.pool.occupy(0, Health::down, ward.now);
  CHECK(ward.of(0) == Health::down);
  ward.pass(0, 2);
  CHECK(ward.of(0) == Health::up);
}

TEST_CASE("eject_after = 0 ejects nobody") {
  Ward ward(2, {.eject_after = 0});
  ward.met(0, 0, 1000);
  CHECK(ward.of(0) == Health::up);
}

TEST_CASE("after its back-off an ejected server gets one trial, and a good one brings it back") {
  Ward ward(2);
  ward.met(0, 0, 5);
  REQUIRE(ward.of(0) == Health::ejected);
  ward.met(0, 3, 0);  // late replies of before
  ward.later(5s - 1ns);
  CHECK(ward.of(0) == Health::ejected);
  ward.past_back_off(0);
  CHECK(ward.of(0) == Health::half_open);
  CHECK(ward.pool[0].breaker().trials() == 1);
  ward.met(0, 1, 0);
  CHECK(ward.of(0) == Health::up);
}

TEST_CASE("a failed trial ejects again, for twice as long, up to a limit") {
  Ward ward(2, {.eject_time = 4s});
  ward.met(0, 0, 5);
  Nanos least = 4s;
  for (int trial = 0; trial < 10; ++trial) {
    CHECK(ward.back_off(0) >= least);
    CHECK(ward.back_off(0) < least * 5 / 4);
    ward.past_back_off(0);
    ward.met(0, 0, 1);
    REQUIRE(ward.of(0) == Health::ejected);
    if (trial < static_cast<int>(Breaker::kMostDoublings)) least *= 2;
  }
}

TEST_CASE("the back-off decays while a server does well") {
  Ward ward(2, {.eject_time = 1s});
  ward.met(0, 0, 5);
  ward.past_back_off(0);
  ward.met(0, 0, 1);
  ward.past_back_off(0);
  ward.met(0, 1, 0);
  REQUIRE(ward.pool[0].breaker().doublings() == 2);
  ward.later(4s);
  CHECK(ward.pool[0].breaker().doublings() == 1);
  ward.later(std::chrono::hours(1));
  CHECK(ward.pool[0].breaker().doublings() == 0);
  ward.met(0, 0, 5);
  CHECK(ward.back_off(0) < 1250ms);
}

TEST_CASE("a trial that was lost without a verdict is repeated, one that is under way is not") {
  Ward ward(2);
  ward.met(0, 0, 5);
  ward.past_back_off(0);
  const auto trial_gone = [&](bool gone) { ward.pool.experienced(0, {.trial_gone = gone}, ward.now); };
  ward.later(10s);
  trial_gone(false);
  CHECK(ward.pool[0].breaker().trials() == 1);
  ward.later(500ms);
  trial_gone(true);
  CHECK(ward.pool[0].breaker().trials() == 1);
  ward.later(500ms);
  trial_gone(true);
  CHECK(ward.of(0) == Health::half_open);
  CHECK(ward.pool[0].breaker().trials() == 2);
}

TEST_CASE("never more than the configured share of a pool is ejected") {
  Ward ward(4, {.max_ejected = 0.5});
  for (std::size_t server = 0; server < 4; ++server) ward.met(server, 0, 100);
  CHECK(ward.of(0) == Health::ejected);
  CHECK(ward.of(1) == Health::ejected);
  CHECK(ward.of(2) == Health::up);
  CHECK(ward.of(3) == Health::up);
  ward.past_back_off(0);  // a half-open server is still out
  ward.met(2, 0, 100);
  CHECK(ward.of(2) == Health::up);
}

TEST_CASE("the last server in service stays, whatever it does") {
  Ward ward(3, {.fall = 1, .max_ejected = 1});
  ward.met(0, 0, 100);
  ward.fail(1);
  ward.met(2, 0, 100);
  CHECK(ward.of(0) == Health::ejected);
  CHECK(ward.of(1) == Health::down);
  CHECK(ward.of(2) == Health::up);
}

TEST_CASE("an ejected server is taken back when no other is left") {
  SUBCASE("because their checks fail") {
    Ward ward(2, {.fall = 1});
    ward.met(0, 0, 100);
    ward.fail(1);
    CHECK(ward.of(0) == Health::up);
  }
  SUBCASE("because they are held back") {
    Ward ward(2);
    ward.met(0, 0, 100);
    ward.pool.hold_back(1, true, ward.now);
    CHECK(ward.of(0) == Health::up);
  }
}

TEST_CASE("a server that is held back counts for nothing") {
  Ward ward(3, {.max_ejected = 1});
  ward.pool.hold_back(1, true, ward.now);
  ward.pool.hold_back(2, true, ward.now);
  ward.met(0, 0, 100);
  CHECK(ward.of(0) == Health::up);
  ward.pool.hold_back(2, false, ward.now);
  ward.met(0, 0, 100);
  CHECK(ward.of(0) == Health::ejected);
}

TEST_CASE("failed checks count more than an ejection") {
  Ward ward(2, {.rise = 1, .fall = 1});
  ward.met(0, 0, 100);
  ward.fail(0);
  CHECK(ward.of(0) == Health::down);
  ward.pass(0);
  CHECK(ward.of(0) == Health::ejected);
}

TEST_CASE("a server that comes back starts slowly") {
  Ward ward(2, {.rise = 1, .fall = 1, .slow_start = 10s});
  CHECK(ward.of(0) == Health::up);  // not at the start of the proxy, when all servers are new
  SUBCASE("from down") {
    ward.fail(0);
    ward.pass(0);
  }
  SUBCASE("from a trial") {
    ward.met(0, 0, 100);
    ward.past_back_off(0);
    ward.met(0, 1, 0);
  }
  CHECK(ward.of(0) == Health::slow_start);
  CHECK(ward.pool.share(0, ward.now) == doctest::Approx(0.1));
  ward.later(5s);
  CHECK(ward.pool.share(0, ward.now) == doctest::Approx(0.5));
  ward.later(5s);
  CHECK(ward.of(0) == Health::up);
  CHECK(ward.pool.share(0, ward.now) == 1);
}

TEST_CASE("what an earlier process knew is where the next one goes on") {
  const std::vector<Health> first{Health::up, Health::down, Health::ejected, Health::half_open,
                                  Health::slow_start};
  PoolHealth pool({.slow_start = 1s}, first, 1, kStart);
  CHECK(pool[0].health() == Health::up);
  CHECK(pool[1].health() == Health::down);
  CHECK(pool[2].health() == Health::ejected);
  CHECK(pool[3].health() == Health::ejected);  // a trial may have been under way: the back-off again
  CHECK(pool[4].health() == Health::slow_start);
}

TEST_CASE("what was counted goes on under other options, from the next check on") {
  Ward ward(2, {.fall = 5});
  ward.fail(0, 3);
  ward.pool = PoolHealth({.fall = 2}, std::vector<ServerHealth>{ward.pool[0], ward.pool[1]}, 1, ward.now);
  CHECK(ward.of(0) == Health::up);
  ward.fail(0);
  CHECK(ward.of(0) == Health::down);
}

TEST_CASE("notes without a history are a server that is what the ledger says") {
  const HealthOptions options{.eject_time = 5s, .slow_start = 4s};
  for (const Health health : {Health::up, Health::down, Health::ejected, Health::slow_start}) {
    const ServerHealth it(health, HealthNotes{}, options, kStart);
    CHECK(it.health() == health);
    CHECK(it.breaker().open_until() <= kStart + 5s);
  }
}

TEST_CASE("a back-off goes on in the next process, and is never longer than a new one") {
  Ward ward(2, {.eject_after = 1, .eject_time = 8s});
  ward.met(0, 0, 1);
  REQUIRE(ward.of(0) == Health::ejected);
  ward.later(3s);
  HealthNotes notes = ward.pool[0].notes();
  CHECK(ServerHealth(Health::ejected, notes, ward.pool.options(), ward.now).breaker().open_until() ==
        ward.pool[0].breaker().open_until());
  notes.open_until = Instant::max();  // nonsense
  CHECK(ServerHealth(Health::ejected, notes, ward.pool.options(), ward.now).breaker().open_until() <=
        ward.now + 20s);  // a second ejection, stretched
}
