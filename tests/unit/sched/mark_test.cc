#include "lb/sched/mark.h"

#include <doctest/doctest.h>

namespace finishline::sched {
namespace {

/// After `n` replies that each came `took` after their request, where the books said `expected`.
Mark after(int n, Nanos expected, Nanos took) {
  Mark mark;
  for (int i = 0; i < n; ++i) {
    mark.replied(expected, expected, took + 50us);
    mark.served(expected, took);
    mark.travelled(50us);
  }
  return mark;
}

TEST_CASE("where costs are right, the room is the mark") {
  CHECK(after(200, 5ms, 5ms).room() < Mark::kLeast + 10us);
  const Nanos of_errors = after(200, 5ms, 5ms + 80us).room();  // 0.05 of way + 2 * 0.08 + 0.1 ms
  CHECK(of_errors > 300us);
  CHECK(of_errors < 330us);
}

TEST_CASE("a server that takes half of what is booked has twice the room") {
  const Nanos mark = after(200, 10ms, 10ms).room();
  const Nanos room = after(200, 10ms, 5ms).room();
  CHECK(room > 2 * mark - 20us);
  CHECK(room < 2 * mark + 20us);
}

TEST_CASE("a server that takes a hundredth of what is booked is given a millisecond of work") {
  const Nanos room = after(200, 10ms, 100us).room();
  CHECK(room > 95ms);
  CHECK(room < 110ms);
}

TEST_CASE("a server that does a request in less time than its way takes is given batches") {
  CHECK(after(200, 10ms, 10us).room() > 500 * Mark::kMost);
}

TEST_CASE("a server that is slower than the books say has no less room than its mark") {
  CHECK(after(200, 5ms, 10ms).room() >= Mark::kLeast);
  CHECK(after(200, 5ms, 10ms).room() <= Mark::kMost);
}

TEST_CASE("a server that was fast and is as slow as declared again has its mark again after a few replies") {
  Mark mark = after(1000, 5ms, 50us);
  CHECK(mark.room() > 15ms);
  for (int i = 0; i < 20; ++i) mark.replied(5ms, 5ms, 5ms);
  CHECK(mark.room() < 2 * Mark::kMost);
}

TEST_CASE("a server shared by proxies has room at its own pace, too") {
  CHECK(after(200, 5ms, 5ms).shared_room() < Mark::kShared + 10us);
  CHECK(after(200, 100ms, 1ms).shared_room() >= 90 * Mark::kShared);
}

}  // namespace
}  // namespace finishline::sched
