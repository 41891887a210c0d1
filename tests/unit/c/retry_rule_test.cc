#include "proto/c/retry_rule.h"

#include <doctest/doctest.h>

#include "proto/c/finishline.h"

using namespace finishline;
using namespace finishline::clib;

TEST_CASE("c: what may have been done is sent again only if it is retryable") {
  const RetryRule rule;
  for (const int result : {FINISHLINE_CONNECTION_LOST, FINISHLINE_SERVER_LOST}) {
    CHECK_FALSE(rule.pause_after(result, 0, 1, false, 0.5));
    CHECK(rule.pause_after(result, 0, 1, true, 0.5));
  }
}

TEST_CASE("c: what was not begun is sent again in any case") {
  const RetryRule rule;
  for (const int result : {FINISHLINE_NOT_SENT, FINISHLINE_DRAINING, FINISHLINE_OVERLOADED})
    CHECK(rule.pause_after(result, 0, 1, false, 0.5));
}

TEST_CASE("c: what is hopeless is not sent again") {
  const RetryRule rule;
  for (const int result : std::initializer_list<int>{
           FINISHLINE_BAD_FRAME, FINISHLINE_UNKNOWN_TYPE, FINISHLINE_TOO_LARGE, FINISHLINE_NO_SERVER,
           FINISHLINE_DEADLINE_EXCEEDED, FINISHLINE_SERVER_ERROR, FINISHLINE_CANCELLED, FINISHLINE_TIMED_OUT,
           FINISHLINE_PROTOCOL_ERROR, FINISHLINE_WITHDRAWN, 4711})
    CHECK_FALSE(rule.pause_after(result, 0, 1, true, 0.5));
}

TEST_CASE("c: attempts have an end") {
  const RetryRule rule{.attempts = 3};
  CHECK(rule.pause_after(FINISHLINE_SERVER_LOST, 0, 2, true, 0.5));
  CHECK_FALSE(rule.pause_after(FINISHLINE_SERVER_LOST, 0, 3, true, 0.5));
}

TEST_CASE("c: the overloaded come again when they are told to, or up to a half later") {
  const RetryRule rule;
  CHECK(rule.pause_after(FINISHLINE_OVERLOADED, 2'000'000, 1, false, 0.0) == Nanos(2s));
  CHECK(rule.pause_after(FINISHLINE_OVERLOADED, 2'000'000, 1, false, 1.0) == Nanos(3s));
}

TEST_CASE("c: pauses double, come apart, and have a longest") {
  const RetryRule rule{.first_pause = 100ms, .longest_pause = 1s};
  const auto most = [&](unsigned failures) { return rule.backoff(failures, 1.0); };
  CHECK(most(1) == Nanos(100ms));
  CHECK(most(2) == Nanos(200ms));
  CHECK(most(3) == Nanos(400ms));
  CHECK(most(5) == Nanos(1s));
  CHECK(most(4'000'000'000U) == Nanos(1s));
  CHECK(rule.backoff(3, 0.0) == Nanos(200ms));
  CHECK(rule.backoff(3, 0.5) == Nanos(300ms));
}
