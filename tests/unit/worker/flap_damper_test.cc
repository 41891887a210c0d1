#include "lb/worker/flap_damper.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::worker;

namespace {

Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }
constexpr double kLongest = 1;  // of the waits that may be drawn

}  // namespace

TEST_CASE("a server that stays away is told of once, and so is that it is back") {
  FlapDamper damper;
  CHECK(damper.ended("refused", false, at(0s)));
  CHECK_FALSE(damper.ended("refused", false, at(1s)));
  CHECK(damper.ended("unreachable", false, at(2s)));
  CHECK(damper.connected(at(3s)));
  CHECK_FALSE(damper.heard());
}

TEST_CASE(
    "each loss of a link that has worked, or has been up for long, is told of, and it is tried at once") {
  FlapDamper damper;
  for (int n = 0; n < 3; ++n) {
    CHECK(damper.connected(at(10s * n)));
    damper.heard();
    CHECK(damper.ended("closed", true, at(10s * n + 1s)));
    CHECK(damper.wait(kLongest) == 50ms);
  }
  CHECK(damper.connected(at(100s)));
  CHECK(damper.ended("closed", true, at(100s) + FlapDamper::kSoundAfter));
  CHECK(damper.wait(kLongest) == 50ms);
}

TEST_CASE(
    "a server that takes connections and ends them is told of once, and is tried more and more seldom") {
  FlapDamper damper;
  CHECK(damper.connected(at(0s)));
  CHECK(damper.ended("no frame", true, at(1ms)));
  CHECK(damper.wait(kLongest) == 50ms);
  for (const Nanos wait : {100ms, 200ms, 400ms}) {
    CHECK_FALSE(damper.connected(at(1s)));
    CHECK_FALSE(damper.ended("no frame", true, at(1s)));
    CHECK(damper.wait(kLongest) == wait);
  }
  CHECK_FALSE(damper.connected(at(2s)));
  CHECK(damper.heard());  // now it is up
  CHECK_FALSE(damper.heard());
  CHECK(damper.ended("no frame", true, at(3s)));
  CHECK(damper.wait(kLongest) == 50ms);
}
