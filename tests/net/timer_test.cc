// Timers on a real loop. Every case ends by closing its loop, which aborts when a timer was left.
#include "lb/net/timer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <random>
#include <vector>

using namespace finishline;
using namespace finishline::net;

TEST_CASE("a timer may destroy itself in its own call, and repeats until then") {
  Loop loop;
  int calls = 0;
  std::optional<Timer> timer;
  timer.emplace(loop, [&] {
    if (++calls == 3) timer.reset();
  });
  timer->start(1ms, 1ms);
  loop.run();
  CHECK(calls == 3);
}

TEST_CASE(
    "a timer that is told the instant calls once, not before its time, and at once for a time that is past") {
  Loop loop;
  const Instant due = loop.fresh_now() + 1500us;
  std::optional<Timer> timer;
  bool early = false;
  int calls = 0;
  timer.emplace(loop, [&] {
    if (++calls == 1) {
      early = loop.fresh_now() < due;
      return timer->start_at(due - 1s);
    }
    timer.reset();
  });
  timer->start_at(due);
  loop.run();
  CHECK(calls == 2);
  CHECK_FALSE(early);
}

TEST_CASE("timers ring in the order of their times, in whatever order they were started") {
  Loop loop;
  std::minstd_rand random(1);
  std::deque<Timer> timers;
  std::vector<Instant> due, rung;
  const Instant begin = loop.fresh_now();
  for (int i = 0; i < 300; ++i) {
    const Instant when = begin + std::chrono::microseconds(random() % 20000);
    due.push_back(when);
    timers.emplace_back(loop, [&rung, when] { rung.push_back(when); }).start_at(when);
  }
  loop.run();
  std::ranges::sort(due);
  CHECK(rung == due);
}

TEST_CASE("a timer that is started again rings at its new time alone, be it earlier or later") {
  Loop loop;
  const Instant begin = loop.fresh_now();
  std::vector<Nanos> rung;
  const auto note = [&] { rung.push_back(loop.fresh_now() - begin); };
  Timer sooner(loop, note), later(loop, note);
  sooner.start_at(begin + 3600s);
  later.start_at(begin + 1ms);
  sooner.start_at(begin + 3ms);
  later.start_at(begin + 6ms);
  loop.run();
  REQUIRE(rung.size() == 2);
  CHECK(rung[0] >= 3ms);
  CHECK(rung[1] >= 6ms);
}

TEST_CASE("a timer stopped by another one of the same instant stays silent") {
  Loop loop;
  int rung = 0;
  std::optional<Timer> first, second;
  first.emplace(loop, [&] {
    ++rung;
    second->stop();
  });
  second.emplace(loop, [&] {
    ++rung;
    first->stop();
  });
  const Instant when = loop.fresh_now() + 1ms;
  first->start_at(when);
  second->start_at(when);
  loop.run();
  CHECK(rung == 1);
}

TEST_CASE("a repeating timer can be stopped, and restarted once, in its own call") {
  Loop loop;
  int calls = 0;
  std::optional<Timer> timer;
  timer.emplace(loop, [&] {
    if (++calls == 2) timer->stop();
    CHECK(timer->active() == (calls == 1));
  });
  timer->start(1ms, 1ms);
  loop.run();
  CHECK(calls == 2);
  timer->start(1ms);
  loop.run();
  CHECK(calls == 3);
}

TEST_CASE("a loop without an active timer has nothing to wait for") {
  Loop loop;
  Timer never(loop, [] { FAIL("rung"); });
  never.start(3600s);
  Timer stops(loop, [&] { never.stop(); });
  stops.start(1ms);
  loop.run();
  CHECK_FALSE(never.active());
}

TEST_CASE("a timer that always starts itself anew for a time that is past leaves the others their turns") {
  Loop loop;
  int calls = 0;
  std::optional<Timer> eager;
  eager.emplace(loop, [&] {
    ++calls;
    eager->start_at(Instant());
  });
  Timer stops(loop, [&] { eager.reset(); });
  stops.start(2ms);
  eager->start_at(Instant());
  loop.run();
  CHECK(calls > 1);
}
