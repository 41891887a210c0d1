#include "lb/worker/resting_listeners.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <vector>

#include "tests/support/loop_stage.h"

using namespace finishline;
using namespace finishline::test;
using ledger::WorkerId;
using worker::RestingListeners;

namespace {

struct FakeListener : RestingListeners::Listener {
  explicit FakeListener(const int& places) : places_(places) {}
  std::optional<Instant> room_at(Instant now) override {
    ++asked;
    if (places_ > 0 && now >= allowed_at) return now;
    return allowed_at > now ? std::optional(allowed_at) : std::nullopt;
  }
  void resume() override { ++resumed; }

  Instant allowed_at{};
  int asked = 0, resumed = 0;

 private:
  const int& places_;
};

/// Workers that share places, on one loop. A bell is heard when the test says so.
struct House {
  LoopStage stage;
  ledger::Ledger ledger =
      std::get<ledger::Ledger>(ledger::Ledger::create({.max_workers = 4, .max_servers = 1}));
  process::Doorbells bells{4};
  int places = 0;
  std::vector<std::unique_ptr<ledger::WorkerBooks>> books;
  std::vector<std::unique_ptr<RestingListeners>> workers;

  explicit House(WorkerId count) {
    for (WorkerId worker = 0; worker < count; ++worker) {
      books.push_back(std::make_unique<ledger::WorkerBooks>(ledger, worker));
      workers.push_back(std::make_unique<RestingListeners>(stage.loop, ledger, worker, bells));
    }
  }
  bool sounds(WorkerId worker) const {
    pollfd bell{bells.fd(worker), POLLIN, 0};
    return ::poll(&bell, 1, 0) == 1;
  }
  void hear(WorkerId worker) {
    bells.silence(worker);
    workers[worker]->on_bell();
  }
};

}  // namespace

TEST_CASE("who makes room wakes its own listeners and rings who has rested longest, and that one the next") {
  House house(4);
  FakeListener first(house.places), second(house.places), own(house.places);
  REQUIRE(house.workers[2]->rest(first));
  house.stage.turn({}, 2);
  REQUIRE(house.workers[1]->rest(second));
  house.stage.turn({}, 2);
  REQUIRE(house.workers[0]->rest(own));
  house.places = 1;
  house.workers[0]->room_made();
  CHECK(own.resumed == 1);
  CHECK(house.sounds(2));
  CHECK_FALSE(house.sounds(1));
  CHECK_FALSE(house.sounds(0));
  house.hear(2);
  CHECK(first.resumed == 1);
  CHECK(house.sounds(1));
}

TEST_CASE("a ring that was for nothing ends there, and others are asked first another time") {
  House house(3);
  FakeListener one(house.places), two(house.places);
  REQUIRE(house.workers[1]->rest(one));
  house.stage.turn({}, 2);
  REQUIRE(house.workers[2]->rest(two));
  house.stage.turn({}, 2);
  house.places = 1;
  house.workers[0]->room_made();
  house.places = 0;  // somebody was faster
  house.hear(1);
  CHECK(one.resumed == 0);
  CHECK_FALSE(house.sounds(2));
  house.workers[0]->room_made();
  CHECK(house.sounds(2));
  CHECK_FALSE(house.sounds(1));
}

TEST_CASE("a listener that finds room when all can see that it rests does not rest") {
  House house(1);
  house.places = 1;
  FakeListener listener(house.places);
  CHECK_FALSE(house.workers[0]->rest(listener));
  house.workers[0]->room_made();
  CHECK(listener.resumed == 0);
}

TEST_CASE(
    "a rate wakes at the time when it lets the next one in, and what nobody tells of is found ten times a "
    "second") {
  House house(1);
  FakeListener by_rate(house.places), untold(house.places);
  by_rate.allowed_at = house.stage.loop.now() + 20ms;
  REQUIRE(house.workers[0]->rest(by_rate));
  REQUIRE(house.workers[0]->rest(untold));
  const int asked_before = untold.asked;
  house.places = 1;  // and nobody says so
  REQUIRE(house.stage.until({}, [&] { return by_rate.resumed == 1 && untold.resumed == 1; }));
  CHECK(by_rate.asked < 10);
  CHECK(untold.asked < asked_before + 10);
}

TEST_CASE("a listener that was given up is not woken") {
  House house(1);
  FakeListener listener(house.places);
  REQUIRE(house.workers[0]->rest(listener));
  house.workers[0]->forget(listener);
  house.places = 1;
  house.workers[0]->room_made();
  house.stage.turn({});
  CHECK(listener.resumed == 0);
}
