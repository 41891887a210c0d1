#include "client/time_slices.h"

#include <doctest/doctest.h>

using namespace finishline;
using client::TimeSlices;

TEST_CASE("a slice that has not ended is in no list") {
  TimeSlices slices;
  slices.record(500us, 1ms);
  CHECK(slices.ended().empty());
  slices.reach(1ms);
  REQUIRE(slices.ended().size() == 1);
  CHECK(slices.ended()[0].ok == 1);
  CHECK(slices.ended()[0].latency == 1ms);
}

TEST_CASE("a long run has longer slices, and nothing is lost by that") {
  TimeSlices slices;
  for (int i = 0; i < 1000; ++i) slices.record(i * 1ms, 2ms);
  slices.reach(1024ms);
  CHECK(slices.length() == 32ms);
  REQUIRE(slices.ended().size() == 32);
  for (std::size_t i = 0; i < 31; ++i) CHECK(slices.ended()[i].ok == 32);
  CHECK(slices.ended()[31].ok == 1000 - 31 * 32);
  CHECK(slices.ended()[0].latency == 64ms);
}

TEST_CASE("two runs of different length make one, in which nothing is lost") {
  TimeSlices a, b;
  for (int i = 0; i < 1000; ++i) a.record(i * 1ms, 2ms);
  for (int i = 0; i < 10; ++i) b.record(i * 1ms, 3ms);
  b.merge(a);
  a.reach(1024ms);
  b.reach(1024ms);
  REQUIRE(b.length() == a.length());
  CHECK(b.ended()[0].ok == a.ended()[0].ok + 10);
  CHECK(b.ended()[0].latency == a.ended()[0].latency + 30ms);
  CHECK(b.ended()[20].ok == a.ended()[20].ok);
}

TEST_CASE("slices in which nothing came are slices, too") {
  TimeSlices slices;
  slices.record(0ns, 1ms);
  slices.reach(10s);
  CHECK(slices.ended().size() >= TimeSlices::kMost / 2);
  CHECK(slices.ended().size() <= TimeSlices::kMost);
  CHECK(slices.ended().back().ok == 0);
}

TEST_CASE("what is said to come before the beginning is in the first slice") {
  TimeSlices slices;
  slices.record(-5ms, 1ms);
  slices.reach(1ms);
  CHECK(slices.ended()[0].ok == 1);
}
