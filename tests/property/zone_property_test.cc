// Of two servers that are alike, the one of this zone is preferred exactly while it is not behind by more
// than the distance of the other: by late binding, by what is said of when work will be done, and by policies
// that bind at once.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cstring>

#include "lb/sched/prospect.h"
#include "tests/support/pool_desk.h"
#include "tests/support/waiting_pool.h"

namespace finishline {
namespace {

constexpr std::size_t kNear = 0, kFar = 1;

int below(int n) { return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, n)); }

/// The near server is busy for so long, the other one idle; one request of this length.
struct Case {
  int cost = 1 + below(20), length = 1 + below(9), later = 1 + below(60), behind = below(120);
};

sched::PoolCosts two_alike(const Case& it) {
  const auto each = static_cast<double>(it.cost);
  return {.servers = {{0, 1, 0s}, {0, 1, Nanos{it.later}}}, .types = 1, .nanos_per_unit = {each, each}};
}

/// A distance of less than 2 % of the work, as with costs.
bool counts_as_none(int later, const Case& it) { return 50 * later <= it.cost * it.length; }

}  // namespace

TEST_CASE("late binding leaves a request to the near server exactly while that is not behind by more") {
  CHECK(rc::check("near while not behind by more", [] {
    const Case it;
    test::WaitingPool pool({}, two_alike(it));
    pool.finish[kNear] = it.behind;
    pool.wait(1, 0, static_cast<std::uint32_t>(it.length));
    const bool as_good = it.behind >= it.later || counts_as_none(it.later, it);
    RC_ASSERT(pool.handle_for(kFar) == (as_good ? 1 : sched::kNobody));
    RC_ASSERT(pool.handle_for(kNear) == 1);
  }));
}

TEST_CASE("no request is begun far away for a deadline that it cannot meet there") {
  CHECK(rc::check("in time or not at all", [] {
    const Case it;
    test::WaitingPool pool({}, two_alike(it));
    pool.finish[kNear] = it.behind;
    const int deadline = it.cost * it.length + below(150);
    pool.wait(1, 0, static_cast<std::uint32_t>(it.length), 0, Instant{Nanos{deadline}});
    if (pool.handle_for(kFar) == 1) RC_ASSERT(it.cost * it.length + it.later <= deadline);
  }));
}

TEST_CASE("what is said of when a request will be done goes by the distance, too") {
  CHECK(rc::check("a prospect with the distance", [] {
    const Case it;
    sched::Prospects prospects;
    const std::vector<std::int64_t> finish{it.behind, 0};
    const auto found = prospects.of(
        two_alike(it), {.length = static_cast<std::uint32_t>(it.length), .finish = finish, .lanes = {}});
    RC_ASSERT(found.has_value());
    RC_ASSERT(found->until_done == Nanos{it.cost * it.length + std::min(it.behind, it.later)});
    if (it.behind != it.later) RC_ASSERT(found->server == (it.behind < it.later ? kNear : kFar));
  }));
}

namespace {

/// Where a pool with this policy sends a video of 5 ms while the near server is busy for `behind`.
std::size_t placed_by(const char* policy, sched::Distance distance, Nanos behind, Nanos& booked) {
  ledger::Ledger ledger = worker::make_ledger();
  ledger::WorkerBooks books(ledger, 0);
  ledger::WorkerMetrics metrics(ledger, 0);
  std::vector<worker::Member> members = worker::members_of(ledger);
  members.pop_back();
  members[kFar].mini = false;
  members[kFar].distance = distance;
  worker::RequestPool pool({.name = "media", .policy = policy}, members, worker::cost(), books, metrics, 1);
  for (const std::size_t member : {kNear, kFar}) pool.set_reach(member, true);
  books.reserve(members[kNear].id, behind, worker::at(0ns));
  const auto placed = pool.place(worker::kVideoJob, worker::at(0ns));
  RC_ASSERT(placed.has_value());
  booked = placed->reservation.service;
  return placed->member;
}

}  // namespace

TEST_CASE(
    "policies that compare finish times prefer the near server for just as long, and book what it costs") {
  CHECK(rc::check("near while not behind by more", [] {
    const Nanos later{1 + below(20'000'000)}, behind{below(40'000'000)};
    if (later == behind) return;
    for (const char* policy : {"makespan", "earliest-finish", "regret", "least-work", "affinity"}) {
      Nanos booked{};
      RC_ASSERT(placed_by(policy, {1, later}, behind, booked) == (behind < later ? kNear : kFar));
      RC_ASSERT(booked == 5ms);
    }
  }));
}

TEST_CASE("with a factor the near server is preferred for so much of the service time") {
  CHECK(rc::check("near while it is done sooner", [] {
    const double factor = 1 + (1 + below(40)) / 8.0;
    const Nanos behind{below(40'000'000)}, extra{static_cast<Nanos::rep>(5e6 * (factor - 1))};
    if (extra == behind) return;
    Nanos booked{};
    RC_ASSERT(placed_by("earliest-finish", {factor, 0s}, behind, booked) == (behind < extra ? kNear : kFar));
    RC_ASSERT(booked == 5ms);
  }));
}

}  // namespace finishline
