#include "lb/net/backoff.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::net;

TEST_CASE("without jitter the delay is half of a span that doubles up to the most") {
  Backoff backoff(50ms, 300ms);
  CHECK(backoff.next(0) == 25ms);
  CHECK(backoff.next(0) == 50ms);
  CHECK(backoff.next(0) == 100ms);
  CHECK(backoff.next(0) == 150ms);
  CHECK(backoff.next(0) == 150ms);
}

TEST_CASE("the jitter spreads over the upper half of the span and never reaches beyond it") {
  Backoff backoff(100ms, 100ms);
  CHECK(backoff.next(0.5) == 75ms);
  CHECK(backoff.next(0.999999) < 100ms);
  CHECK(backoff.next(0.999999) > 99ms);
}

TEST_CASE("after a success the delays begin anew") {
  Backoff backoff(50ms, 2s);
  for (int i = 0; i < 10; ++i) backoff.next(0);
  CHECK(backoff.next(0) == 1s);
  backoff.reset();
  CHECK(backoff.next(0) == 25ms);
}

TEST_CASE("no number of failures lets the delay overflow") {
  Backoff backoff(50ms, 2s);
  for (int i = 0; i < 10000; ++i) {
    const Nanos delay = backoff.next(0.5);
    REQUIRE(delay > 0ns);
    REQUIRE(delay <= 2s);
  }
}
