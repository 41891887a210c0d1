#include "lb/master/watchdog.h"

#include <doctest/doctest.h>

using namespace finishline;
using master::Watchdog;

namespace {

constexpr Nanos kPatience = 8s;
constexpr pid_t kChild = 42;

/// A master that looks every second at one child.
struct Watch {
  /// For so many seconds the child's heart stands still; how many of them until it is found.
  int stand_still(int seconds) {
    for (int second = 1; second <= seconds; ++second) {
      if (look(1s)) return second;
    }
    return 0;
  }
  void beat(int seconds) {
    while (seconds-- > 0) {
      heartbeat_at = now + 1s;
      CHECK_FALSE(look(1s));
    }
  }
  bool look(Nanos later) {
    now += later;
    dog.look(kPatience, now);
    return dog.stalled(kChild, heartbeat_at);
  }

  Watchdog dog;
  Instant now{3600s};
  Instant heartbeat_at = now;
};

}  // namespace

TEST_CASE("a heart that stands still for the whole patience is found, and then it is counted anew") {
  Watch watch;
  watch.beat(3);
  CHECK(watch.stand_still(100) == 8);
  CHECK(watch.stand_still(100) == 8);
}

TEST_CASE("a heart that beats now and then is left alone") {
  Watch watch;
  for (int i = 0; i < 20; ++i) {
    watch.beat(1);
    CHECK(watch.stand_still(7) == 0);
  }
}

TEST_CASE("time in which the watcher did not look counts as one look: machine and children slept with it") {
  Watch watch;
  watch.beat(3);
  CHECK_FALSE(watch.look(86400s));
  CHECK_FALSE(watch.look(86400s));
  watch.beat(1);
  CHECK(watch.stand_still(100) == 8);
}

TEST_CASE("a watcher that is short of time itself is slower to judge, and judges in the end") {
  Watch watch;
  watch.beat(1);
  int looks = 1;
  while (!watch.look(10s)) ++looks;
  CHECK(looks == 4);  // of two seconds that count each
}

TEST_CASE("a child that ended and another of its number are two") {
  Watch watch;
  watch.beat(1);
  CHECK(watch.stand_still(6) == 0);
  watch.dog.look(kPatience, watch.now += 1s);  // nobody of that number
  CHECK(watch.stand_still(100) == 9);          // the first look only meets it
}
