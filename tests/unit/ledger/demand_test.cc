// What workers show each other of what waits in them.
#include "lb/ledger/demand.h"

#include <doctest/doctest.h>

#include <vector>

#include "lb/ledger/worker_status.h"

namespace finishline::ledger {
namespace {

constexpr PoolId kPool = 3;
constexpr std::size_t kTypes = 3;

struct Stage {
  Ledger ledger = std::get<Ledger>(Ledger::create({4, 4}));
  WorkerBooks first{ledger, 0}, second{ledger, 1};  // a worker is known once it has books
  Demand here{ledger, kPool, 0}, there{ledger, kPool, 1};

  std::vector<sched::WaitLane> seen_here() const {
    std::vector<sched::WaitLane> lanes;
    here.read_others(kTypes, lanes);
    return lanes;
  }
};

sched::WaitLane lane(std::uint8_t type, std::uint32_t count) {
  return {.head_key = 17,
          .volume = 5U * count,
          .count = count,
          .head_length = 5,
          .longest = 9,
          .shortest = 1,
          .type = type};
}

}  // namespace

TEST_CASE("a worker sees of the others in which something waits, and not itself") {
  Stage stage;
  CHECK_FALSE(stage.here.any());
  CHECK(stage.there.show(lane(2, 4)));
  stage.here.show(lane(1, 1));
  const auto seen = stage.seen_here();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].worker == 1);
  CHECK(seen[0].type == 2);
  CHECK(seen[0].volume == 20);
  CHECK(stage.here.any(2));
  CHECK(stage.here.any(1));
  CHECK_FALSE(stage.here.any(0));
}

TEST_CASE("only the first of a type has to look for room again; when none waits it is not seen any more") {
  Stage stage;
  CHECK(stage.there.show(lane(0, 1)));
  CHECK_FALSE(stage.there.show(lane(0, 2)));
  CHECK(stage.there.show(lane(1, 1)));
  CHECK_FALSE(stage.there.show(lane(0, 0)));
  CHECK(stage.seen_here().size() == 1);
  CHECK(stage.there.show(lane(0, 1)));
  stage.there.clear();
  CHECK(stage.seen_here().empty());
  CHECK_FALSE(stage.here.any());
}

TEST_CASE("what a dead worker has shown is taken away with its books, and so is a call of it") {
  Stage stage;
  stage.there.show(lane(0, 3));
  Calls calls(stage.ledger, 1);
  CHECK(calls.call(1));
  stage.ledger.reclaim(1, Instant(Nanos(1)));
  CHECK_FALSE(stage.here.any());
  CHECK_FALSE(calls.take());
}

TEST_CASE("a bell is rung once until the worker has looked") {
  Stage stage;
  const Calls caller(stage.ledger, 0), called(stage.ledger, 1);
  CHECK(caller.call(1));
  CHECK_FALSE(caller.call(1));
  CHECK(called.take());
  CHECK_FALSE(called.take());
  CHECK(caller.call(1));
}

TEST_CASE("a plan reaches the workers, each once") {
  Stage stage;
  sched::PoolPlan plan, read;
  plan.price[0] = 0.25;
  plan.price[63] = 0.75;
  plan.load = 0.9;
  plan.mean_service = 5ms;
  std::uint32_t seen = 0;
  CHECK_FALSE(stage.here.read_plan(seen, read));
  write_plan(stage.ledger, kPool, plan);
  CHECK(stage.here.read_plan(seen, read));
  CHECK(read == plan);
  CHECK_FALSE(stage.here.read_plan(seen, read));
}

TEST_CASE("control sums what waits and what has come over all workers") {
  Stage stage;
  stage.here.arrived(1, 7);
  stage.there.arrived(1, 5);
  stage.there.show(lane(2, 2));
  const DemandSum sum = sum_demand(stage.ledger, kPool, kTypes);
  CHECK(sum.arrived == std::vector<std::uint64_t>{0, 12, 0});
  CHECK(sum.requests == std::vector<std::uint64_t>{0, 2, 0});
  CHECK(sum.waiting == std::vector<double>{0, 0, 10});
  CHECK(sum.any());
}

TEST_CASE("pools beyond those that share see nobody, and are seen by nobody") {
  Stage stage;
  Demand beyond(stage.ledger, kSharingPools, 0);
  CHECK_FALSE(beyond.show(lane(0, 1)));
  CHECK_FALSE(beyond.any());
  CHECK_FALSE(sum_demand(stage.ledger, kSharingPools, kTypes).any());
}

}  // namespace finishline::ledger
