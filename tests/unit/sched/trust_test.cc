#include "lb/sched/trust.h"

#include <doctest/doctest.h>

namespace finishline::sched {
namespace {

Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }

TEST_CASE("each failure halves what a server counts, to a sixteenth, and each success gives it back") {
  Trust trust;
  CHECK(trust.share() == 1);
  for (int i = 0; i < 9; ++i) trust.failed(at(0s));
  CHECK(trust.share() == 1.0 / 16);
  trust.served(at(1ms));
  CHECK(trust.share() == 1.0 / 8);
  for (int i = 0; i < 9; ++i) trust.served(at(2ms));
  CHECK(trust.whole());
}

TEST_CASE("failures are forgotten with time, also when nothing is asked for long") {
  Trust trust;
  for (int i = 0; i < 3; ++i) trust.failed(at(0s));
  trust.forget(at(1s));
  CHECK(trust.share() == 1.0 / 4);
  trust.forget(at(60s));
  CHECK(trust.whole());
  trust.failed(at(61s));
  CHECK(trust.share() == 0.5);
}

}  // namespace
}  // namespace finishline::sched
