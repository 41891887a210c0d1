// Whether a loop looks for more bytes before it sleeps: the window as configured, and the one that adapts.
#include "lb/net/busy_poll.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace finishline::net {
namespace {

/// A loop on a clock of its own: bytes come after given waits, and a turn of looking takes a microsecond.
struct World {
  BusyPoll poll;
  Instant now{1s};
  Nanos looked{};
  bool looking = false;

  /// Nothing comes for so long. Looks while it may, and sleeps for the rest.
  void wait(Nanos span) {
    const Instant end = now + span;
    while (looking && now < end) {
      now += 1us, looked += 1us;
      looking = poll.looks_again(0, now);
    }
    now = std::max(now, end);
  }
  void bytes(std::size_t reads = 1) { looking = poll.looks_again(reads, now); }
  void come_every(Nanos span, int times, std::size_t reads = 1) {
    for (; times > 0; --times) wait(span), bytes(reads);
  }
};

TEST_CASE("a loop that is not to look sleeps at once") {
  World world{BusyPoll(0ns)};
  CHECK(world.poll.is_off());
  world.come_every(5us, 100);
  CHECK(world.looked == 0us);
}

TEST_CASE("a fixed window is looked through after the last bytes, and then the loop sleeps") {
  World world{BusyPoll(50us)};
  world.bytes();
  world.wait(1s);
  CHECK(world.looked == 50us);
  CHECK_FALSE(world.looking);
}

TEST_CASE("by itself a loop looks as soon as bytes have come shortly after one another") {
  World world{BusyPoll(std::nullopt)};
  world.come_every(20us, 10);
  CHECK(world.poll.window() > 20us);
  world.looked = 0us;
  world.come_every(20us, 1000);
  CHECK(world.looked == 20ms);
}

TEST_CASE("by itself it sleeps where bytes come far from one another") {
  World world{BusyPoll(std::nullopt)};
  world.come_every(1ms, 1000);
  CHECK(world.looked == 0us);
}

TEST_CASE("by itself it sleeps while turns bring batches") {
  World world{BusyPoll(std::nullopt)};
  world.come_every(10us, 1000, 8);
  CHECK(world.looked == 0us);
}

TEST_CASE("what it looks in vain is a small share of a core, whatever comes") {
  World world{BusyPoll(std::nullopt)};
  const Instant began = world.now;
  Nanos fruitful{};
  for (int i = 0; i < 20000; ++i) {  // two come close together, so that it hopes, and the third lets it wait
    const Nanos before = world.looked;
    world.come_every(15us, 2);
    fruitful += world.looked - before;
    world.come_every(120us, 1);
  }
  const double vain = to_seconds(world.looked - fruitful) / to_seconds(world.now - began);
  CHECK(vain > 0);
  CHECK(vain < 1.2 * BusyPoll::kBudget);
}

TEST_CASE("an idle loop costs nothing after the last window") {
  World world{BusyPoll(std::nullopt)};
  world.come_every(10us, 100);
  world.looked = 0us;
  world.wait(3600s);
  CHECK(world.looked <= BusyPoll::kMost);
}

}  // namespace
}  // namespace finishline::net
