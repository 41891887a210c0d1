#include "lb/history/ring.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace finishline::history;

namespace {

SeriesSample sample(std::int64_t time, double value, const std::string& name = "requests") {
  SeriesSample it{.time = time};
  it.add(name, value);
  return it;
}

}  // namespace

TEST_CASE("a ring gives back what it was given, second by second") {
  Ring ring(10);
  for (int s = 100; s < 105; ++s) ring.add(sample(s, s));
  const Points points = ring.read("requests", 101, 104, 1);
  CHECK(points.from == 101);
  CHECK(points.values == std::vector<float>{101, 102, 103});
}

TEST_CASE("steps are means of what is known, and begin at whole steps") {
  Ring ring(100);
  for (const int s : {100, 101, 103, 110}) ring.add(sample(s, s));
  const Points points = ring.read("requests", 101, 111, 4);
  CHECK(points.from == 100);
  REQUIRE(points.values.size() == 3);
  CHECK(points.values[0] == doctest::Approx((100 + 101 + 103) / 3.0));
  CHECK(std::isnan(points.values[1]));
  CHECK(points.values[2] == 110);
}

TEST_CASE("a lost second is lost, and what is too old is not taken for new") {
  Ring ring(4);
  for (int s = 100; s < 104; ++s) ring.add(sample(s, 1));
  ring.add(sample(106, 2));
  const Points points = ring.read("requests", 102, 107, 1);
  CHECK(std::isnan(points.values[0]));  // no longer in the ring
  CHECK(points.values[1] == 1);
  CHECK(std::isnan(points.values[2]));
  CHECK(std::isnan(points.values[3]));
  CHECK(points.values[4] == 2);
  CHECK(std::isnan(ring.read("nobody", 102, 103, 1).values[0]));
}

TEST_CASE("a clock that goes back adds nothing") {
  Ring ring(4);
  ring.add(sample(100, 1));
  ring.add(sample(90, 2));
  CHECK(ring.latest() == 100);
  CHECK(std::isnan(ring.read("requests", 90, 91, 1).values[0]));
}

TEST_CASE("a ring has room for so many series, and forgets those that have fallen silent") {
  Ring ring(4, 2);
  ring.add(sample(100, 1, "a"));
  ring.add(sample(101, 1, "b"));
  ring.add(sample(102, 1, "c"));
  CHECK(ring.names() == std::vector<std::string>{"a", "b"});
  for (int s = 103; s < 112; ++s) ring.add(sample(s, 1, "b"));
  CHECK(ring.names() == std::vector<std::string>{"b"});
}
