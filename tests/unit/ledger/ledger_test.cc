#include "lb/ledger/ledger.h"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "lb/ledger/layout.h"
#include "lb/sched/policy.h"

using namespace finishline;
using namespace finishline::ledger;

namespace {

Ledger make_ledger(Sizes sizes = {4, 8}) { return std::get<Ledger>(Ledger::create(sizes)); }
Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }
std::int64_t ns(Instant t) { return t.time_since_epoch().count(); }

/// One server of this many slots, two workers with a pen each.
struct Desk {
  explicit Desk(std::uint32_t slots = 1) : server(*ledger.ensure_server("video-1", slots)) {}
  Nanos expected(Instant now) const {
    return Nanos(ledger.finish_at(server, ledger.finish_word(server), now) - ns(now));
  }
  Ledger ledger = make_ledger();
  ServerId server;
  WorkerBooks a{ledger, 0};
  WorkerBooks b{ledger, 1};
};

}  // namespace

TEST_CASE("a new ledger refuses to be made for nobody") {
  CHECK(std::holds_alternative<std::string>(Ledger::create({0, 1})));
  CHECK(std::holds_alternative<std::string>(Ledger::create({1, 0})));
}

TEST_CASE("a server keeps its row under its name and a full ledger takes no more") {
  Ledger ledger = make_ledger({1, 2});
  CHECK(ledger.server_count() == 0);
  CHECK(ledger.ensure_server("a", 1) == 0U);
  CHECK(ledger.ensure_server("b", 1) == 1U);
  CHECK(ledger.ensure_server("a", 4) == 0U);
  CHECK(ledger.server_count() == 2);
  CHECK(ledger.server_name(1) == "b");
  CHECK_FALSE(ledger.ensure_server("c", 1));
}

TEST_CASE("a server name must fit into its row") {
  Ledger ledger = make_ledger();
  CHECK_FALSE(ledger.ensure_server("", 1));
  CHECK_FALSE(ledger.ensure_server(std::string(kMaxServerName + 1, 'x'), 1));
  const std::string longest(kMaxServerName, 'x');
  CHECK(ledger.server_name(*ledger.ensure_server(longest, 1)) == longest);
}

TEST_CASE("a server that comes back is up, one that was put down stays down") {
  Ledger ledger = make_ledger();
  const ServerId server = *ledger.ensure_server("a", 1);
  CHECK(ledger.state(server) == ServerState::up);
  ledger.set_state(server, ServerState::down);
  ledger.ensure_server("a", 1);
  CHECK(ledger.state(server) == ServerState::down);
  ledger.set_state(server, ServerState::absent);
  ledger.ensure_server("a", 1);
  CHECK(ledger.state(server) == ServerState::up);
  CHECK(name_of(ServerState::draining) == "draining");
}

TEST_CASE("bookings of two workers queue behind each other") {
  Desk desk;
  const Reservation first = desk.a.reserve(desk.server, 5ms, at(0ms));
  const Reservation second = desk.b.reserve(desk.server, 2ms, at(1ms));
  CHECK(first.due == at(5ms));
  CHECK(second.due == at(7ms));
  CHECK(desk.expected(at(1ms)) == 6ms);
  CHECK(desk.ledger.books(desk.server).in_flight == 2);
  CHECK(desk.ledger.books(desk.server).owed == 7ms);
}

TEST_CASE("a decision on an old word books nothing") {
  Desk desk;
  const std::int64_t seen = desk.ledger.finish_word(desk.server);
  desk.b.reserve(desk.server, 2ms, at(0ms));
  CHECK_FALSE(desk.a.try_reserve(desk.server, seen, 5ms, at(0ms)));
  CHECK(desk.ledger.books(desk.server).in_flight == 1);
  CHECK(desk.ledger.books(desk.server).owed == 2ms);
  CHECK(desk.expected(at(0ms)) == 2ms);
}

TEST_CASE("the last settlement leaves the server idle, early or late") {
  Desk desk;
  const Reservation first = desk.a.reserve(desk.server, 5ms, at(0ms));
  const Reservation second = desk.b.reserve(desk.server, 2ms, at(0ms));
  desk.a.settle(first, 1ms, 0ns, at(1ms));
  CHECK(desk.expected(at(1ms)) == 2ms);
  desk.b.settle(second, 9ms, 0ns, at(10ms));
  CHECK(desk.ledger.finish_word(desk.server) == kIdle);
  CHECK(desk.expected(at(10ms)) == 0ms);
  CHECK(desk.ledger.books(desk.server).in_flight == 0);
  CHECK(desk.ledger.books(desk.server).owed == 0ns);
}

TEST_CASE("what a server reports beyond the books is believed for a second") {
  Desk desk;
  const Reservation mine = desk.a.reserve(desk.server, 5ms, at(0ms));
  desk.a.settle(mine, 5ms, 3s, at(5ms));
  CHECK(desk.expected(at(5ms)) == 3s);
  desk.ledger.audit(at(900ms));
  CHECK(desk.expected(at(900ms)) == 2105ms);
  desk.ledger.audit(at(1005ms));
  CHECK(desk.ledger.finish_word(desk.server) == kIdle);
}

TEST_CASE("a report of less than the books hold changes nothing") {
  Desk desk;
  const Reservation first = desk.a.reserve(desk.server, 5ms, at(0ms));
  desk.b.reserve(desk.server, 4ms, at(0ms));
  desk.a.settle(first, 5ms, 1ms, at(5ms));
  CHECK(desk.expected(at(5ms)) == 4ms);
}

TEST_CASE("a released request makes way for those behind it") {
  Desk desk;
  const Reservation first = desk.a.reserve(desk.server, 5ms, at(0ms));
  const Reservation second = desk.b.reserve(desk.server, 4ms, at(0ms));
  desk.a.release(first, at(1ms));
  CHECK(desk.expected(at(1ms)) == 3ms);  // the chain without the first: 4 ms from 0 ms
  desk.b.release(second, at(1ms));
  CHECK(desk.ledger.finish_word(desk.server) == kIdle);
}

TEST_CASE("a late server looks busy for as long again as it is late, and for what waits behind") {
  Desk desk;
  desk.a.reserve(desk.server, 4ms, at(0ms));
  desk.b.reserve(desk.server, 4ms, at(0ms));
  CHECK(desk.expected(at(8ms)) == 4ms);
  CHECK(desk.expected(at(11ms)) == 7ms);
  CHECK(desk.b.reserve(desk.server, 1ms, at(11ms)).due == at(19ms));
}

TEST_CASE("a request that is overdue pushes the finish time, never pulls it") {
  Desk desk;
  const Reservation first = desk.a.reserve(desk.server, 4ms, at(0ms));
  desk.a.overdue(desk.server, first.due, at(3ms));
  CHECK(desk.expected(at(3ms)) == 1ms);
  desk.a.overdue(desk.server, first.due, at(104ms));
  CHECK(desk.expected(at(104ms)) == 100ms);
  desk.ledger.audit(at(105ms));
  CHECK(desk.expected(at(105ms)) == 99ms);
  desk.a.settle(first, 105ms, 0ns, at(105ms));
  CHECK(desk.ledger.finish_word(desk.server) == kIdle);
}

TEST_CASE(
    "work that the books know nothing of is believed for a while, and until the server says otherwise") {
  Desk desk;
  desk.ledger.hear_backlog(desk.server, 40ms, 4s, at(0ms));
  CHECK(desk.ledger.finish_word(desk.server) == kIdle);
  desk.ledger.hear_backlog(desk.server, 9s, 4s, at(0ms));
  CHECK(desk.expected(at(0ms)) == 9s);
  desk.ledger.audit(at(3s));
  CHECK(desk.expected(at(3s)) == 6s);
  desk.ledger.hear_backlog(desk.server, 6s, 4s, at(3s));
  desk.ledger.audit(at(5s));
  CHECK(desk.expected(at(5s)) == 4s);
  desk.ledger.hear_backlog(desk.server, 0ns, 4s, at(5s));
  desk.ledger.audit(at(5s));
  CHECK(desk.ledger.finish_word(desk.server) == kIdle);
  desk.ledger.hear_backlog(desk.server, 9s, 4s, at(6s));
  desk.ledger.audit(at(10s + 1ms));
  CHECK(desk.ledger.finish_word(desk.server) == kIdle);
}

TEST_CASE("a booking on a server of several slots moves its finish time by its share") {
  Desk desk(4);
  const Reservation first = desk.a.reserve(desk.server, 8ms, at(0ms));
  CHECK(first.due == at(8ms));
  CHECK(desk.expected(at(0ms)) == 2ms);
  const Reservation second = desk.b.reserve(desk.server, 8ms, at(0ms));
  CHECK(desk.expected(at(0ms)) == 4ms);
  desk.a.settle(first, 4ms, 0ns, at(1ms));
  CHECK(desk.expected(at(1ms)) == 2ms);  // held to what is booked: 8 ms over four slots
  desk.b.settle(second, 8ms, 0ns, at(8ms));
  CHECK(desk.ledger.finish_word(desk.server) == kIdle);
}

TEST_CASE("a pool view shows words, finish times and who is not to be had") {
  Ledger ledger = make_ledger();
  std::array<ServerId, 4> members{};
  for (ServerId i = 0; i < 4; ++i) members[i] = *ledger.ensure_server("s" + std::to_string(i), 1);
  std::swap(members[0], members[3]);
  WorkerBooks books(ledger, 2);
  books.reserve(members[0], 5ms, at(0ms));
  books.reserve(members[1], 1ms, at(0ms));
  ledger.set_state(members[2], ServerState::draining);
  std::array<std::int64_t, 4> words{}, finish{};
  books.read_finish(members, at(3ms), words, finish);
  CHECK(words[0] == ns(at(5ms)));
  CHECK(finish[0] == ns(at(5ms)));
  CHECK(words[1] == ns(at(1ms)));
  CHECK(finish[1] == ns(at(5ms)));  // 2 ms late
  CHECK(finish[2] == sched::kUnavailable);
  CHECK(words[3] == kIdle);
  CHECK(finish[3] == ns(at(3ms)));
}

TEST_CASE("reclaiming a worker leaves the books of the others") {
  Desk desk;
  desk.a.reserve(desk.server, 5ms, at(0ms));
  const Reservation kept = desk.b.reserve(desk.server, 2ms, at(0ms));
  desk.ledger.reclaim(0, at(1ms));
  CHECK(desk.ledger.books(desk.server).in_flight == 1);
  CHECK(desk.ledger.books(desk.server).owed == 2ms);
  CHECK(desk.expected(at(1ms)) == 2ms);
  desk.b.settle(kept, 2ms, 0ns, at(2ms));
  CHECK(desk.ledger.finish_word(desk.server) == kIdle);
}

TEST_CASE("an audit leaves alone what the books support") {
  Desk desk;
  desk.a.reserve(desk.server, 5ms, at(0ms));
  const std::int64_t word = desk.ledger.finish_word(desk.server);
  desk.ledger.audit(at(0ms));
  desk.ledger.audit(at(3ms));
  desk.ledger.audit(at(9ms));  // late, and still in flight
  CHECK(desk.ledger.finish_word(desk.server) == word);
}

TEST_CASE("an audit lowers a finish time whose bookings are gone") {
  Desk desk;
  desk.a.reserve(desk.server, 5ms, at(0ms));
  desk.b.reserve(desk.server, 2ms, at(0ms));
  PairRow& row = desk.ledger.layout().pair(0, desk.server);  // as when a worker dies in settle()
  row.in_flight.store(0, std::memory_order_relaxed);
  row.owed.store(0, std::memory_order_relaxed);
  desk.ledger.audit(at(1ms));
  CHECK(desk.expected(at(1ms)) == 2ms);
}

TEST_CASE("an audit wakes a server that looks idle with requests in flight") {
  Desk desk;
  desk.a.reserve(desk.server, 5ms, at(0ms));
  desk.ledger.layout().finish_words()[desk.server].store(kIdle, std::memory_order_relaxed);
  desk.ledger.audit(at(1ms));
  CHECK(desk.expected(at(1ms)) == 5ms);
}

TEST_CASE("a worker that died between the two halves of a booking is reclaimed in full") {
  Desk desk;
  const Reservation kept = desk.b.reserve(desk.server, 2ms, at(0ms));
  desk.ledger.layout().pair(0, desk.server).owed.store(7'000'000, std::memory_order_relaxed);
  desk.ledger.reclaim(0, at(1ms));
  CHECK(desk.ledger.books(desk.server).owed == kept.service);
  CHECK(desk.ledger.books(desk.server).in_flight == 1);
}

TEST_CASE("health and administration are kept apart and make one state") {
  Ledger ledger = std::get<Ledger>(Ledger::create({1, 2}));
  const ServerId server = *ledger.ensure_server("video-1", 1);
  CHECK(ledger.health(server) == sched::Health::up);
  CHECK(ledger.admin(server) == AdminState::ready);
  ledger.set_admin(server, AdminState::drain);
  CHECK(ledger.state(server) == ServerState::draining);
  ledger.set_health(server, sched::Health::ejected);
  CHECK(ledger.state(server) == ServerState::draining);
  ledger.set_admin(server, AdminState::ready);
  CHECK(ledger.state(server) == ServerState::ejected);
  for (const auto& [health, name] :
       {std::pair(sched::Health::up, "up"), std::pair(sched::Health::down, "down"),
        std::pair(sched::Health::half_open, "half_open"),
        std::pair(sched::Health::slow_start, "slow_start")}) {
    ledger.set_health(server, health);
    CHECK(name_of(ledger.state(server)) == name);
  }
}

TEST_CASE("a server that is absent stays so until its row is taken again, and then is what it was") {
  Ledger ledger = std::get<Ledger>(Ledger::create({1, 2}));
  const ServerId server = *ledger.ensure_server("video-1", 1);
  ledger.set_state(server, ServerState::absent);
  ledger.set_admin(server, AdminState::drain);
  CHECK(ledger.state(server) == ServerState::absent);
  ledger.ensure_server("video-1", 1);
  CHECK(ledger.state(server) == ServerState::draining);
}

TEST_CASE("of two workers one gets the trial of a half-open server") {
  Ledger ledger = std::get<Ledger>(Ledger::create({2, 2}));
  const std::vector<ServerId> members{*ledger.ensure_server("video-1", 1)};
  WorkerBooks first(ledger, 0), second(ledger, 1);
  const Instant now{std::chrono::hours(1)};
  std::vector<std::int64_t> words(1), finish(1);
  const auto available = [&] {
    first.read_finish(members, now, words, finish);
    return finish[0] != sched::kUnavailable;
  };
  ledger.set_health(0, sched::Health::half_open);
  CHECK_FALSE(available());
  ledger.allow_trial(0);
  REQUIRE(available());
  CHECK_FALSE(second.try_reserve(0, words[0] + 1, 1ms, now));  // a lost race gives the trial back
  CHECK(available());
  const auto trial = first.try_reserve(0, words[0], 1ms, now);
  REQUIRE(trial);
  CHECK(ledger.trial_taken(0));
  CHECK_FALSE(second.try_reserve(0, ledger.finish_word(0), 1ms, now));
  CHECK_FALSE(available());
  first.settle(*trial, 1ms, 0ns, now);
  CHECK_FALSE(available());  // one request, not one at a time
}

TEST_CASE("what is owed has an end, and what was booked beyond it is taken back exactly") {
  Desk desk;
  const Nanos longest = kMaxServiceTime;
  std::vector<Reservation> made;
  for (int i = 0; i < 3000; ++i) made.push_back(desk.a.reserve(desk.server, longest, at(0ms)));
  CHECK(desk.ledger.books(desk.server).owed == kMostOwed);
  CHECK(desk.ledger.books(desk.server).in_flight == 3000);
  CHECK(desk.expected(at(0ms)) > 0ns);
  for (const Reservation& it : made) desk.a.release(it, at(0ms));
  CHECK(desk.ledger.books(desk.server).owed == 0ns);
  CHECK(desk.ledger.finish_word(desk.server) == kIdle);
}

TEST_CASE("what health is concluded from is read as it was written") {
  Desk desk;
  CHECK(desk.ledger.health_notes(desk.server) == sched::HealthNotes{});
  const sched::HealthNotes notes{.check_state = 3,
                                 .checks_in_a_row = 7,
                                 .breaker_state = 1,
                                 .failed_in_a_row = 11,
                                 .doublings = 5,
                                 .open_until = at(1s),
                                 .calm_since = at(2s),
                                 .back_since = at(3s),
                                 .next_check_at = at(4s)};
  desk.ledger.set_health_notes(desk.server, notes);
  CHECK(desk.ledger.health_notes(desk.server) == notes);
}
