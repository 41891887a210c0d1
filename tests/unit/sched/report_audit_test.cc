#include "lb/sched/report_audit.h"

#include <doctest/doctest.h>

namespace finishline::sched {
namespace {

/// A server of two slots that is never idle works 10 ms on each request and says so many times that.
bool believed(double times, Nanos round_trip = 0ms) {
  ReportAudit audit(2);
  Instant now{1s};
  audit.sent(1, now);
  audit.sent(2, now);
  for (int i = 0; i < 1200; ++i) {
    now += 10ms + round_trip;
    for (int slot = 0; slot < 2; ++slot) {
      audit.replied(Nanos{static_cast<std::int64_t>(1e7 * times)}, round_trip, 1, now);
      audit.sent(2, now);
    }
  }
  return audit.truthful();
}

TEST_CASE("a server that tells the truth is believed, also far away") {
  CHECK(believed(1.0));
  CHECK(believed(1.0, 40ms));
}

TEST_CASE("a server that says half too little or half too much is not") {
  CHECK_FALSE(believed(0.4));
  CHECK_FALSE(believed(1.5));
  CHECK(believed(0.6));
  CHECK(believed(1.1));
}

TEST_CASE("who has hardly worked is believed, and who tells the truth again is as well") {
  ReportAudit audit;
  Instant now{1s};
  const auto ten_seconds = [&](Nanos service, Nanos said) {
    for (const Instant end = now + 10s; now <= end;) {
      audit.sent(1, now);
      now += service;
      audit.replied(said, 0ms, 0, now);
      now += 100ms;
    }
  };
  ten_seconds(1ms, 50ms);
  CHECK(audit.truthful());
  ten_seconds(100ms, 300ms);
  ten_seconds(100ms, 300ms);
  CHECK_FALSE(audit.truthful());
  ten_seconds(100ms, 100ms);
  ten_seconds(100ms, 100ms);
  CHECK(audit.truthful());
}

TEST_CASE("replies tell how long the work took, behind other work and alone") {
  const Instant start{1s};
  CHECK(service_by_replies(start, start - 1s, 1ms, start + 6ms) == 5ms);
  CHECK(service_by_replies(start, start + 4ms, 1ms, start + 6ms) == 2ms);
  CHECK(service_by_replies(start, start, 9ms, start + 6ms) == 0ms);
}

}  // namespace
}  // namespace finishline::sched
