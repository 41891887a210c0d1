// Servers that are given nothing, or nothing while others can be given anything.
#include <doctest/doctest.h>

#include <vector>

#include "tests/support/pool_desk.h"

using namespace finishline;
using namespace finishline::worker;

TEST_CASE("a server of weight 0 is given nothing under any policy, neither requests nor streams") {
  for (const sched::PolicyRow& policy : sched::policies()) {
    CAPTURE(policy.name);
    for (const bool streams : {false, true}) {
      if (streams ? !policy.streams : !policy.frames) continue;
      ledger::Ledger ledger = make_ledger();
      ledger::WorkerBooks books(ledger, 0);
      ledger::WorkerMetrics metrics(ledger, 0);
      std::vector<Member> members = members_of(ledger);
      members[0].weight = 0;
      RequestPool pool({.name = "media", .policy = std::string(policy.name), .streams = streams}, members,
                       cost(), books, metrics, 1);
      for (std::size_t i = 0; i < 3; ++i) pool.set_reach(i, true);
      for (int n = 0; n < 20; ++n) {
        if (streams) {
          const auto placed = pool.place_stream({.key = static_cast<std::uint64_t>(n)}, at(0ms));
          REQUIRE(std::holds_alternative<Placement>(placed));
          CHECK(std::get<Placement>(placed).member != 0);
        } else {
          const auto placed = pool.place({0, 5, static_cast<std::uint64_t>(n)}, at(0ms));
          REQUIRE(placed);
          CHECK(placed->member != 0);
        }
      }
    }
  }
}

TEST_CASE(
    "a backup is given requests while no other server can be given any, and not because the others are "
    "full") {
  for (const sched::PolicyRow& policy : sched::policies()) {
    if (!policy.frames) continue;
    CAPTURE(policy.name);
    ledger::Ledger ledger = make_ledger();
    ledger::WorkerBooks books(ledger, 0);
    ledger::WorkerMetrics metrics(ledger, 0);
    std::vector<Member> members = members_of(ledger);
    members[2].backup = true;
    RequestPool pool({.name = "media", .policy = std::string(policy.name), .max_backlog = 1s}, members,
                     cost(), books, metrics, 1);
    for (std::size_t i = 0; i < 3; ++i) pool.set_reach(i, true);
    const auto chosen = [&](std::uint8_t needs = 0, RequestPool::Refusers refusers = {}) {
      const auto placed = pool.place({2, 5, 0, needs}, at(0ms), refusers);
      REQUIRE(placed);
      books.release(placed->reservation, at(0ms));
      return placed->member;
    };
    for (int n = 0; n < 20; ++n) CHECK(chosen() != 2);
    pool.set_reach(0, false);
    CHECK(chosen() == 1);
    CHECK(chosen(sched::kFrames) == 2);  // who is left speaks the two-byte protocol
    CHECK(chosen(0, std::vector{members[1].id}) == 2);
    ledger.set_admin(members[1].id, ledger::AdminState::drain);
    CHECK(chosen() == 2);
    ledger.set_admin(members[1].id, ledger::AdminState::ready);
    books.reserve(members[1].id, 10s, at(0ms));
    CHECK_FALSE(pool.place(kMusicJob, at(1ms)));
    CHECK(pool.why_not(kMusicJob, at(1ms)).status == proto::Status::overloaded);
    pool.refused(1, true, at(2ms));
    pool.set_reach(0, false);
    CHECK(pool.place(kMusicJob, at(2ms))->member == 2);
  }
}

TEST_CASE("a backup is given streams once all others are down or were tried in vain") {
  for (const sched::PolicyRow& policy : sched::policies()) {
    if (!policy.streams) continue;
    CAPTURE(policy.name);
    ledger::Ledger ledger = make_ledger();
    ledger::WorkerBooks books(ledger, 0);
    ledger::WorkerMetrics metrics(ledger, 0);
    std::vector<Member> members = members_of(ledger);
    members[0].max_connections = members[1].max_connections = 1;
    members[2].backup = true;
    for (const Member& member : members) ledger.set_kind(member.id, ledger::ServerKind::streams);
    RequestPool pool({.name = "redis", .policy = std::string(policy.name), .streams = true}, members, cost(),
                     books, metrics, 1);
    const std::vector<ledger::ServerId> first{members[0].id}, both{members[0].id, members[1].id};
    const auto chosen = [&](std::span<const ledger::ServerId> tried) {
      const auto placed = pool.place_stream({.tried = tried}, at(0ms));
      REQUIRE(std::holds_alternative<Placement>(placed));
      return std::get<Placement>(placed).member;
    };
    CHECK(chosen(first) == 1);
    CHECK(chosen({}) == 0);
    CHECK(std::get<NoPlace>(pool.place_stream({}, at(0ms))) == NoPlace::full);
    CHECK(chosen(both) == 2);
    for (const ledger::ServerId id : both) ledger.set_admin(id, ledger::AdminState::drain);
    CHECK(chosen({}) == 2);
  }
}
