#include "lb/model/pace.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace finishline;
using namespace finishline::model;

TEST_CASE("along a ramp the n-th request comes where the area under the rate is n") {
  const Pace pace({{10s, 0, 100}});
  CHECK(pace.time_of(0) == 0);
  CHECK(pace.time_of(5) == doctest::Approx(1));
  CHECK(pace.time_of(125) == doctest::Approx(5));
  CHECK(pace.time_of(499.999) == doctest::Approx(10).epsilon(0.001));
  CHECK(std::isinf(pace.time_of(500)));
}

TEST_CASE("a falling ramp ends at rate 0, and has sent what is under it") {
  const Pace pace({{10s, 100, 0}});
  CHECK(pace.time_of(95) == doctest::Approx(1));
  CHECK(pace.time_of(375) == doctest::Approx(5));
  CHECK(std::isinf(pace.time_of(501)));
}

TEST_CASE("stretches follow each other, and nothing comes while the rate is 0") {
  const Pace pace({{1s, 10, 10}, {2s, 0, 0}, {1s, 20, 20}});
  CHECK(pace.time_of(9) == doctest::Approx(0.9));
  CHECK(pace.time_of(10) == doctest::Approx(3));
  CHECK(pace.time_of(20) == doctest::Approx(3.5));
  CHECK(pace.length() == 4s);
  CHECK(pace.begin_of(2) == 3s);
}

TEST_CASE("each time is in one stretch, and what is behind the end in the last") {
  const Pace pace({{1s, 10, 10}, {2s, 1, 1}, {1s, 20, 20}});
  CHECK(pace.stretch_at(0s) == 0);
  CHECK(pace.stretch_at(999ms) == 0);
  CHECK(pace.stretch_at(1s) == 1);
  CHECK(pace.stretch_at(3s) == 2);
  CHECK(pace.stretch_at(100s) == 2);
}
