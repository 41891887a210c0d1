#include "lb/worker/request_pool.h"

#include <doctest/doctest.h>

#include <random>
#include <set>
#include <utility>
#include <vector>

#include "lb/sched/hash.h"
#include "tests/support/pool_desk.h"

using namespace finishline;
using namespace finishline::worker;

TEST_CASE("members start out of reach and count from the moment a link is up") {
  ledger::Ledger ledger = make_ledger();
  ledger::WorkerBooks books(ledger, 0);
  ledger::WorkerMetrics metrics(ledger, 0);
  RequestPool pool({.name = "media", .policy = "makespan"}, members_of(ledger), cost(), books, metrics, 1);
  CHECK_FALSE(pool.place(kVideoJob, at(0ms)));
  CHECK(pool.why_not(kVideoJob, at(0ms)).status == proto::Status::no_server);
  pool.set_reach(2, true);
  CHECK(pool.place(kVideoJob, at(0ms))->member == 2);
  pool.set_reach(2, false);
  CHECK_FALSE(pool.place(kVideoJob, at(0ms)));
}

TEST_CASE("requests that come at once share a server for as long as it will have done them in time") {
  ledger::Ledger ledger = make_ledger();
  PoolDesk desk(ledger, 0, "makespan", 20ms);
  const auto first = desk.place(kVideoJob);  // 5 ms each
  REQUIRE(first);
  for (int n = 0; n < 3; ++n) CHECK(desk.place(kVideoJob) == first);
  CHECK(desk.place(kVideoJob) != first);
}

TEST_CASE("what comes later goes where the policy says, and so does what does not fit in time") {
  ledger::Ledger ledger = make_ledger();
  PoolDesk desk(ledger, 0, "makespan", 20ms);
  CHECK(desk.place(kMusicJob) == 2U);
  const auto second = desk.place(kVideoJob, at(1us));
  REQUIRE(second);
  CHECK(*second != 2);
  CHECK(desk.place({0, 50, 0}, at(1us)) != second);
}

TEST_CASE("no batch goes along to a server that is out of reach or cannot do it, nor against turns") {
  ledger::Ledger ledger = make_ledger();
  PoolDesk desk(ledger, 0, "makespan", std::chrono::hours(1));
  const auto first = desk.place(kLargeVideoJob);
  REQUIRE(first == 0U);
  desk.pool.set_reach(0, false);
  CHECK(desk.place(kLargeVideoJob) == 2U);
  ledger::Ledger other = make_ledger();
  PoolDesk turns(other, 0, "round-robin", std::chrono::hours(1));
  std::set<std::size_t> used;
  for (int n = 0; n < 3; ++n) used.insert(turns.place(kVideoJob).value());
  CHECK(used.size() == 3);
}

TEST_CASE("saying twice that a member is in reach is saying it once") {
  ledger::Ledger ledger = make_ledger();
  PoolDesk desk(ledger, 0);
  desk.pool.set_reach(0, true);
  desk.pool.set_reach(0, false);
  desk.pool.set_reach(0, false);
  desk.pool.set_reach(1, false);
  desk.pool.set_reach(1, true);
  CHECK(desk.place(kVideoJob) == 1U);
}

TEST_CASE("a placement books the cost of this type on this server") {
  ledger::Ledger ledger = make_ledger();
  PoolDesk desk(ledger, 0);
  desk.pool.set_reach(0, false);
  desk.pool.set_reach(1, false);
  const auto placed = desk.pool.place(kVideoJob, at(0ms));
  REQUIRE(placed);
  CHECK(placed->reservation.server == 2);
  CHECK(placed->reservation.service == 15ms);  // video on a music server: three times 5 ms
  CHECK(placed->reservation.due == at(15ms));
  CHECK(ledger.books(2).owed == 15ms);
}

TEST_CASE("asking whether a job could be placed books nothing") {
  ledger::Ledger ledger = make_ledger();
  PoolDesk desk(ledger, 0);
  for (ledger::ServerId server = 0; server < 3; ++server) {
    CHECK(ledger.finish_word(server) == ledger::kIdle);
    CHECK(ledger.books(server).in_flight == 0);
  }
}

TEST_CASE("a server that is down or draining in the ledger is not chosen by any policy") {
  for (const sched::PolicyRow& row : sched::policies()) {
    CAPTURE(row.name);
    ledger::Ledger ledger = make_ledger();
    PoolDesk desk(ledger, 0, row.name.data());
    ledger.set_state(0, ledger::ServerState::down);
    ledger.set_state(1, ledger::ServerState::draining);
    for (int i = 0; i < 10; ++i) CHECK(desk.place(kVideoJob) == 2U);
    ledger.set_state(2, ledger::ServerState::down);
    CHECK_FALSE(desk.place(kVideoJob));
    desk.pool.room_changed();
    ledger.set_state(0, ledger::ServerState::up);
    CHECK(desk.place(kVideoJob) == 0U);
  }
}

TEST_CASE("what has no room in two bytes is not given to a mini server") {
  ledger::Ledger ledger = make_ledger();
  PoolDesk desk(ledger, 0);
  for (int i = 0; i < 5; ++i) CHECK(desk.place(kLargeVideoJob) != 1U);
  desk.pool.set_reach(0, false);
  desk.pool.set_reach(2, false);
  CHECK(desk.pool.why_not(kLargeVideoJob, at(0ms)).status == proto::Status::too_large);
  CHECK(desk.place(kVideoJob) == 1U);
}

TEST_CASE("a worker sees what another has booked") {
  ledger::Ledger ledger = make_ledger();
  PoolDesk a(ledger, 0), b(ledger, 1);
  const auto first = a.place(kVideoJob);
  const auto second = b.place(kVideoJob);
  CHECK(*first + *second == 1);  // the two video servers, one each
  CHECK(a.place(kMusicJob) == 2U);
}

TEST_CASE("policies that ask for requests in flight and backlog get those of all workers") {
  ledger::Ledger ledger = make_ledger();
  PoolDesk a(ledger, 0), b(ledger, 1, "least-connections");
  a.pool.set_reach(1, false);
  a.pool.set_reach(2, false);
  for (int i = 0; i < 3; ++i) a.place(kVideoJob);
  std::set<std::size_t> chosen;
  for (int i = 0; i < 2; ++i) chosen.insert(*b.place(kVideoJob));
  CHECK(chosen == std::set<std::size_t>{1, 2});
}

TEST_CASE("a half-open server is given one request by any policy that wants it") {
  for (const sched::PolicyRow& row : sched::policies()) {
    CAPTURE(row.name);
    ledger::Ledger ledger = make_ledger();
    PoolDesk desk(ledger, 0, row.name.data());
    ledger.set_health(0, sched::Health::half_open);
    ledger.set_health(1, sched::Health::ejected);
    ledger.set_health(2, sched::Health::down);
    CHECK_FALSE(desk.place(kVideoJob));
    desk.pool.room_changed();
    ledger.allow_trial(0);
    CHECK(desk.place(kVideoJob) == 0U);
    CHECK_FALSE(desk.place(kVideoJob));
    desk.pool.room_changed();
  }
}

TEST_CASE("a server in slow start is given work as if it were slower") {
  ledger::Ledger ledger = make_ledger();
  PoolDesk desk(ledger, 0, "earliest-finish");
  ledger.set_health(2, sched::Health::down);
  ledger.set_health(0, sched::Health::slow_start);
  ledger.set_share(0, 0.25);
  std::vector<int> given(2);
  for (int i = 0; i < 50; ++i) ++given.at(*desk.place(kVideoJob));
  CHECK(given[0] == 10);
  CHECK(given[1] == 40);
}

TEST_CASE("a server that fails at once attracts no more work under any policy than one that works") {
  for (const sched::PolicyRow& row : sched::policies()) {
    CAPTURE(row.name);
    ledger::Ledger ledger = make_ledger();
    PoolDesk desk(ledger, 0, row.name.data());
    std::vector<std::pair<Instant, ledger::Reservation>> working;
    std::vector<int> given(3);
    for (int i = 0; i < 2000; ++i) {
      const Instant now = at(i * 1ms);
      std::erase_if(working, [&](const auto& it) {
        if (it.first > now) return false;
        desk.books.settle(it.second, 2ms, 0ns, now);
        desk.pool.served(it.second.server, 2ms, now);
        return true;
      });
      const auto placed = desk.pool.place({1, 2, sched::mix(static_cast<std::uint64_t>(i))}, now);
      REQUIRE(placed);
      ++given[placed->member];
      if (placed->member == 0) {
        desk.books.settle(placed->reservation, 0ns, 0ns, now);
        desk.pool.failed(0, 0ns, now);
      } else {
        working.emplace_back(now + 2ms, placed->reservation);
      }
    }
    CHECK(given[0] < 500);
  }
}

TEST_CASE("a pool follows the policy that the ledger orders from its next decision on") {
  bool late = false;
  SUBCASE("early") { late = false; }
  SUBCASE("late") { late = true; }
  ledger::Ledger ledger = make_ledger();
  const ledger::PoolId row = *ledger::ensure_pool(ledger, "media");
  ledger::WorkerBooks books(ledger, 0);
  ledger::WorkerMetrics metrics(ledger, 0);
  RequestPool pool({.name = "media", .policy = "makespan", .late = late, .mark = 1s, .orders = {ledger, row}},
                   members_of(ledger), cost(), books, metrics, 1);
  for (std::size_t i = 0; i < 3; ++i) pool.set_reach(i, true);
  CHECK(pool.policy() == "makespan");
  CHECK(pool.place(kMusicJob, at(0ms))->member == 2);
  CHECK(pool.place(kMusicJob, at(0ms))->member == 2);  // cheaper, though busier
  ledger::run_policy(ledger, row, sched::find_policy("least-connections")->number);
  CHECK(pool.policy() == "least-connections");
  CHECK(pool.place(kMusicJob, at(0ms))->member != 2);
  ledger::run_policy(ledger, row, 250);  // of a later version
  CHECK(pool.policy() == "makespan");
  CHECK(pool.place(kMusicJob, at(0ms)));
}

TEST_CASE(
    "a kind of request that found no room is not looked for some again in the same batch, until there may "
    "be") {
  ledger::Ledger ledger = make_ledger();
  ledger::WorkerBooks books(ledger, 0);
  ledger::WorkerMetrics metrics(ledger, 0);
  RequestPool pool({.name = "media", .policy = "makespan", .max_backlog = 1ms}, members_of(ledger), cost(),
                   books, metrics, 1);
  for (std::size_t i = 0; i < 3; ++i) pool.set_reach(i, true);
  std::vector<Placement> placed;
  while (const auto it = pool.place(kVideoJob, at(0ms))) placed.push_back(*it);
  CHECK(placed.size() == 3);
  CHECK(pool.why_not(kVideoJob, at(0ms)).status == proto::Status::overloaded);
  for (const Placement& it : placed) books.release(it.reservation, at(0ms));  // behind its back
  CHECK_FALSE(pool.place(kVideoJob, at(0ms)));
  CHECK(pool.place(kMusicJob, at(0ms)));
  CHECK(pool.place(kVideoJob, at(1us)));  // another batch
}

TEST_CASE("a pool is congested when all that are in reach are, whatever became of them before") {
  ledger::Ledger ledger = make_ledger();
  PoolDesk desk(ledger, 0);
  RequestPool& pool = desk.pool;
  std::vector<bool> reach(3, true), full(3);
  std::mt19937 random(11);
  for (int step = 0; step < 500; ++step) {
    const std::size_t member = random() % 3;
    reach[member] = random() % 2 == 0;
    full[member] = reach[member] && random() % 2 == 0;
    pool.set_reach(member, reach[member], full[member]);
    const bool some = reach[0] || reach[1] || reach[2];
    bool usable = false;
    for (std::size_t i = 0; i < 3; ++i) usable |= reach[i] && !full[i];
    CHECK(pool.congested() == (some && !usable));
  }
}
