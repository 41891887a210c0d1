#include "lb/model/rate_law.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::model;

namespace {

RateLaw law(std::string_view text) { return std::get<RateLaw>(RateLaw::parse(text)); }
bool refused(std::string_view text) { return std::holds_alternative<std::string>(RateLaw::parse(text)); }

}  // namespace

TEST_CASE("a rate is one number, two for a ramp, or a list of steps") {
  CHECK(law("60/m").first() == 1);
  CHECK_FALSE(law("10k").changes());
  CHECK(law("100..10000").is_ramp());
  CHECK(law("0..5").is_ramp());
  CHECK(law("100,200,400").is_steps());
  CHECK(law("100,200,400").steps() == 3);
  CHECK(law("100..10000").text() == "100.0/s to 10,000/s");
  CHECK(law("100,200").text() == "100.0/s, 200.0/s");
  CHECK_FALSE(RateLaw().given());
}

TEST_CASE("what is no rate is refused: none, a negative one, only zeros, an open range, a range of three") {
  for (const char* text :
       {"", "0", "-1", "0,0", "0..0", "1..", "..1", "1..2..3", "1,", ",1", "1..2,3", "fast", "1e-9"})
    CHECK_MESSAGE(refused(text), text);
  std::string many = "1";
  for (int i = 0; i < 100; ++i) many += ",1";
  CHECK(refused(many));
}

TEST_CASE("steps share the run equally, and no nanosecond is lost") {
  const Pace pace = law("100,200,400").over(10s + 1ns);
  REQUIRE(pace.stretches().size() == 3);
  CHECK(pace.length() == 10s + 1ns);
  CHECK(pace.stretches()[1].from == 200);
  CHECK(pace.stretches()[1].to == 200);
}

TEST_CASE("a ramp is cut into tenths that join") {
  const Pace pace = law("100..1100").over(10s);
  REQUIRE(pace.stretches().size() == 10);
  CHECK(pace.stretches()[0].from == 100);
  CHECK(pace.stretches()[0].to == 200);
  CHECK(pace.stretches()[9].to == 1100);
  CHECK(pace.begin_of(9) == 9s);
}
