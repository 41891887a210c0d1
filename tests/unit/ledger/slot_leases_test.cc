#include "lb/ledger/slot_leases.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <new>

using namespace finishline;
using namespace finishline::ledger;

namespace {

/// A server of three slots, and two workers.
struct SlotStage {
  SlotStage() { ledger.ensure_server("web-1", 3); }
  Ledger ledger = std::get<Ledger>(Ledger::create({2, 4}));
  WorkerBooks books0{ledger, 0}, books1{ledger, 1};
  SlotLeases a{ledger, 0, 0, 3}, b{ledger, 1, 0, 3};
};

}  // namespace

TEST_CASE("two workers together have as many slots as the server has") {
  SlotStage s;
  CHECK(s.a.acquire());
  CHECK(s.a.acquire());
  CHECK(s.b.acquire());
  CHECK_FALSE(s.b.acquire());
  CHECK_FALSE(s.a.acquire());
  CHECK(s.a.held() == 2);
  s.a.shrink_to(1);
  CHECK(s.b.acquire());
  CHECK(leased_slots(s.ledger, 0, 0) == 1);
  CHECK(leased_slots(s.ledger, 1, 0) == 2);
}

TEST_CASE("who finds none is seen to want one until it has it, or does not want it any more") {
  SlotStage s;
  for (int n = 0; n < 3; ++n) CHECK(s.a.acquire());
  CHECK(s.a.wanting().empty());
  CHECK_FALSE(s.b.acquire());
  REQUIRE(s.a.wanting().size() == 1);
  CHECK(s.a.wanting()[0].worker == 1);
  CHECK(s.b.holding()[0].held == 3);
  s.b.want_none();
  CHECK(s.a.wanting().empty());
  CHECK_FALSE(s.b.acquire());
  s.a.shrink_to(2);
  CHECK(s.b.acquire());
  CHECK(s.a.wanting().empty());
}

TEST_CASE("two links of one worker to one server, as in a reload, share what the worker has") {
  SlotStage s;
  {
    SlotLeases next(s.ledger, 0, 0, 3);
    CHECK(s.a.acquire());
    CHECK(next.acquire());
    CHECK(s.b.acquire());
    CHECK_FALSE(next.acquire());
    CHECK(leased_slots(s.ledger, 0, 0) == 2);
  }
  CHECK(leased_slots(s.ledger, 0, 0) == 1);
  CHECK(s.b.wanting().empty());
}

TEST_CASE("what a worker had that was killed is free once it is reclaimed") {
  SlotStage s;
  const pid_t child = ::fork();
  if (child == 0) {
    SlotLeases& mine = s.b;
    for (int n = 0; n < 4; ++n) mine.acquire();
    ::_exit(0);  // without giving anything back
  }
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK_FALSE(s.a.acquire());
  CHECK(s.a.wanting().size() == 1);
  s.ledger.reclaim(1, Instant(1s));
  CHECK(s.a.wanting().empty());
  CHECK(s.a.acquire());
}

TEST_CASE("processes that take and give back at once never have more than there are") {
  Ledger ledger = std::get<Ledger>(Ledger::create({4, 4}));
  ledger.ensure_server("web-1", 2);
  void* const shared = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto& inside = *new (shared) std::atomic<int>(0);
  pid_t children[4];
  for (WorkerId worker = 0; worker < 4; ++worker) {
    const WorkerBooks books(ledger, worker);
    if ((children[worker] = ::fork()) != 0) continue;
    SlotLeases mine(ledger, worker, 0, 2);
    int taken = 0, too_many = 0;
    for (int n = 0; n < 200000 && taken < 5000; ++n) {
      if (!mine.acquire()) continue;
      ++taken;
      too_many += inside.fetch_add(1) + 1 > 2 ? 1 : 0;
      inside.fetch_sub(1);
      mine.shrink_to(0);
    }
    ::_exit(taken == 0 || too_many > 0 ? 1 : 0);
  }
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WEXITSTATUS(status) == 0);
  }
  ::munmap(shared, 4096);
}
