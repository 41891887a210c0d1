#include "lb/sched/response_times.h"

#include <doctest/doctest.h>

namespace finishline::sched {
namespace {

Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }
double seconds_of(ResponseTimes& times, std::size_t server, Nanos when) {
  return to_seconds(Nanos(times.column(at(when))[server]));
}

TEST_CASE("a response time is not known before the first answer and exact after it") {
  ResponseTimes times(2);
  CHECK(times.column(at(0s))[0] == 0);
  times.served(0, 30ms, at(0s));
  CHECK(seconds_of(times, 0, 0s) == doctest::Approx(0.030));
  CHECK(times.column(at(0s))[1] == 0);
}

TEST_CASE("a slow answer counts at once, fast ones bring the estimate down only with time") {
  ResponseTimes times(1);
  times.served(0, 10ms, at(0s));
  times.served(0, 90ms, at(1ms));
  CHECK(seconds_of(times, 0, 1ms) == doctest::Approx(0.090));
  times.served(0, 10ms, at(2ms));
  CHECK(seconds_of(times, 0, 2ms) > 0.089);
  times.served(0, 10ms, at(10s));  // one memory later: 10 + 80 / e
  CHECK(seconds_of(times, 0, 10s) == doctest::Approx(0.0394).epsilon(0.01));
}

TEST_CASE("what is not heard of fades, so that it is tried again") {
  ResponseTimes times(1);
  times.served(0, 100ms, at(0s));
  CHECK(seconds_of(times, 0, 30s) < 0.006);
}

TEST_CASE("a server that fails at once does not look fast, less so each time") {
  ResponseTimes times(1);
  times.served(0, 1ms, at(0s));
  times.failed(0, at(1ms));
  CHECK(seconds_of(times, 0, 1ms) >= 1.0);
  times.failed(0, at(2ms));
  CHECK(seconds_of(times, 0, 2ms) >= 1.9);
  for (int i = 0; i < 100; ++i) times.failed(0, at(3ms));
  CHECK(seconds_of(times, 0, 3ms) <= to_seconds(ResponseTimes::kMost));
}

}  // namespace
}  // namespace finishline::sched
