#include "lb/control/work_ahead.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace std::chrono_literals;
using namespace finishline::control;

namespace {

constexpr Instant kNow{1h};

ledger::Decision sent(RequestType type, Nanos service, Nanos ago) {
  ledger::Decision it;
  it.type = type;
  it.service = service;
  it.decided_at = kNow - ago;
  return it;
}

}  // namespace

TEST_CASE("what a server has to do are the latest that were sent to it, as many as are in flight") {
  const std::deque<ledger::Decision> all{sent(9, 5ms, 90ms), sent(1, 40ms, 30ms), sent(2, 20ms, 10ms)};
  const auto pieces = work_ahead(all, {.in_flight = 2, .slots = 1, .finish = 0.030}, kNow);
  REQUIRE(pieces.size() == 2);
  CHECK(pieces[0].type == 1);
  CHECK(pieces[0].seconds == doctest::Approx(0.010));  // so that the last one is done in 30 ms
  CHECK(pieces[1].type == 2);
  CHECK(pieces[1].seconds == doctest::Approx(0.020));
}

TEST_CASE("what is left of the first is never more than all of it, nor less than nothing") {
  const std::deque<ledger::Decision> all{sent(1, 40ms, 30ms), sent(2, 20ms, 10ms)};
  CHECK(work_ahead(all, {.in_flight = 2, .finish = 9}, kNow)[0].seconds == doctest::Approx(0.040));
  CHECK(work_ahead(all, {.in_flight = 2, .finish = 0.001}, kNow)[0].seconds == 0);
}

TEST_CASE("a server with several slots works on as many, and of each that is left which has not passed yet") {
  const std::deque<ledger::Decision> all{sent(1, 40ms, 30ms), sent(2, 20ms, 30ms), sent(3, 5ms, 1ms)};
  const auto pieces = work_ahead(all, {.in_flight = 3, .slots = 2, .finish = 0.012}, kNow);
  REQUIRE(pieces.size() == 3);
  CHECK(pieces[0].seconds == doctest::Approx(0.010));
  CHECK(pieces[1].seconds == 0);
  CHECK(pieces[2].seconds == doctest::Approx(0.005));
}

TEST_CASE("where something was sent that nobody has noted, the sum alone is known") {
  CHECK(work_ahead({sent(1, 40ms, 30ms)}, {.in_flight = 2}, kNow).empty());
  CHECK(work_ahead({sent(1, 40ms, 30ms)}, {.in_flight = 0}, kNow).empty());
}

TEST_CASE("of a long list its beginning is told") {
  const std::deque<ledger::Decision> all(50, sent(1, 1ms, 0ms));
  CHECK(work_ahead(all, {.in_flight = 50, .finish = 0.05}, kNow).size() == kMostPieces);
}
