#include "lb/worker/load_meter.h"

#include <doctest/doctest.h>

using namespace finishline;
using worker::LoadMeter;

namespace {

Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }

}  // namespace

TEST_CASE("a share is measured once a second, and moves half-way to what was measured") {
  LoadMeter meter(at(0s));
  meter.count_bytes(100);
  CHECK_FALSE(meter.share_by_bytes(at(999ms), 100));
  CHECK(*meter.share_by_bytes(at(1s), 100) == doctest::Approx(1));
  CHECK(*meter.share_by_bytes(at(2s), 100) == doctest::Approx(0.5));
  CHECK(*meter.share_by_bytes(at(3s), 100) == doctest::Approx(0.25));
  meter.count_bytes(800);
  CHECK(*meter.share_by_bytes(at(5s), 100) == doctest::Approx(2.125));  // four times the rate
}

TEST_CASE("by time counts from the question to the answer, over the end of a second, too") {
  LoadMeter meter(at(0s));
  meter.asked(at(200ms));
  meter.asked(at(300ms));  // more of the same question
  meter.answered(at(400ms));
  meter.answered(at(500ms));  // more of the same answer
  CHECK(*meter.share_by_time(at(1s)) == doctest::Approx(0.6));
  meter.asked(at(1500ms));
  CHECK(*meter.share_by_time(at(2s)) == doctest::Approx(0.55));
  meter.answered(at(3s));
  CHECK(*meter.share_by_time(at(3s)) == doctest::Approx(0.775));
  CHECK(*meter.share_by_time(at(4s)) == doctest::Approx(0.3875));
}
