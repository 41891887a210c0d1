#include "lb/sched/trust.h"

#include <doctest/doctest.h>

namespace finishline::sched {
namespace {

Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }

TEST_CASE("each failure halves what a server counts, to a sixteenth, and each success gives it back") {
  Trust trust;
  CHECK(trust.share() == 1);
  for (int i = 0; i < 9; ++i) trust.failed(0ns, at(0s));
  CHECK(trust.share() == 1.0 / 16);
  trust.served(at(1ms), at(1ms));
  CHECK(trust.share() == 1.0 / 8);
  for (int i = 0; i < 9; ++i) trust.served(at(2ms), at(2ms));
  CHECK(trust.whole());
}

TEST_CASE("failures are forgotten with time, also when nothing is asked for long") {
  Trust trust;
  for (int i = 0; i < 3; ++i) trust.failed(0ns, at(0s));
  trust.forget(at(1s));
  CHECK(trust.share() == 1.0 / 4);
  trust.forget(at(60s));
  CHECK(trust.whole());
  trust.failed(0ns, at(61s));
  CHECK(trust.share() == 0.5);
}

TEST_CASE("a server that refuses rests, longer each time, and for a second at once when it is leaving") {
  Trust trust;
  trust.refused(false, at(0s));
  CHECK(trust.rests_until() == at(10ms));
  trust.refused(false, at(20ms));
  CHECK(trust.rests_until() == at(40ms));
  for (int i = 0; i < 20; ++i) trust.refused(false, at(1s));
  CHECK(trust.rests_until() == at(2s));
  Trust leaving;
  leaving.refused(true, at(0s));
  CHECK(leaving.rests_until() == at(1s));
}

TEST_CASE("what a server had begun before it refused does not end its rest, what it was asked later does") {
  Trust trust;
  trust.refused(true, at(10ms));
  trust.served(at(5ms), at(20ms));
  CHECK(trust.rests_until() == at(1010ms));
  trust.served(at(11ms), at(21ms));
  CHECK(trust.rests_until() <= at(21ms));
  trust.refused(false, at(30ms));
  CHECK(trust.rests_until() == at(40ms));  // the run of refusals has begun anew
  trust.recovered();
  CHECK(trust.rests_until() <= at(30ms));
}

TEST_CASE(
    "a server that fails fast stands back for the time it has spared, twice as long for each in a row") {
  Trust trust;
  trust.failed(3ms, at(0s));
  CHECK(trust.stands_back_until() <= at(0s));  // once may happen to anybody
  trust.failed(3ms, at(0s));
  CHECK(trust.stands_back_until() == at(3ms));
  trust.failed(3ms, at(10ms));
  CHECK(trust.stands_back_until() == at(16ms));
  for (int i = 0; i < 20; ++i) trust.failed(3ms, at(20ms));
  CHECK(trust.stands_back_until() == at(1020ms));
  trust.served(at(5ms), at(30ms));  // begun before it failed
  CHECK(trust.stands_back_until() == at(1020ms));
  trust.served(at(25ms), at(30ms));
  CHECK(trust.stands_back_until() <= at(30ms));
  trust.failed(3ms, at(40ms));
  CHECK(trust.stands_back_until() == at(43ms));
  CHECK(trust.rests_until() <= at(0s));
}

TEST_CASE("a server that fails after all its time does not stand back") {
  Trust trust;
  for (int i = 0; i < 9; ++i) trust.failed(-1ms, at(0s));
  CHECK(trust.stands_back_until() <= at(0s));
}

}  // namespace
}  // namespace finishline::sched
