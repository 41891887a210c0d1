#include "lb/model/traffic.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::model;

namespace {

LengthLaw law(std::string_view text) { return std::get<LengthLaw>(LengthLaw::parse(text)); }
bool refused(std::string_view text) { return std::holds_alternative<std::string>(LengthLaw::parse(text)); }

}  // namespace

TEST_CASE("a range of lengths reaches both of its ends and nothing else") {
  CHECK(law("1..9").draw(0.0) == 1);
  CHECK(law("1..9").draw(0.5) == 5);
  CHECK(law("1..9").draw(0.9999999) == 9);
  CHECK(law("0..0").draw(0.7) == 0);
  CHECK(law("0..4294967295").draw(0.99999999999) == 4294967295U);
  CHECK(law("1..9").largest() == 9U);
}

TEST_CASE("a constant length is written with or without its name") {
  CHECK(law("const:3").draw(0.1) == 3);
  CHECK(law("3").draw(0.9) == 3);
}

TEST_CASE("exponential lengths have their median at mean times ln 2") {
  CHECK(law("exp:1000").draw(0.5) == 693);
  CHECK(law("exp:5").draw(0.0) == 1);
  CHECK_FALSE(law("exp:5").largest().has_value());
}

TEST_CASE("Pareto lengths begin at their least value and double it at 1 - 2^-shape") {
  CHECK(law("pareto:1:100").draw(0.0) == 100);
  CHECK(law("pareto:1:100").draw(0.5) == 200);
  CHECK(law("pareto:0.01:1").draw(0.999999) == 4294967295U);
}

TEST_CASE("a length that cannot be is refused") {
  for (const char* text :
       {"", "9..1", "1..", "..9", "1.5..3", "-1", "exp", "exp:0", "exp:x", "pareto:1.5", "pareto:0:1",
        "pareto:1:0", "const", "const:", "const:1.5", "3:4", "uniform", "1..4294967296"})
    CHECK_MESSAGE(refused(text), text);
}

TEST_CASE("shares are read in their order") {
  const auto shares = std::get<0>(parse_shares("video=2,music=0.5"));
  REQUIRE(shares.size() == 2);
  CHECK(shares[0].name == "video");
  CHECK(shares[0].amount == 2);
  CHECK(shares[1].name == "music");
  CHECK(shares[1].amount == 0.5);
}

TEST_CASE("shares that make no sense are refused with a reason") {
  for (const char* text : {"", "video", "video=", "=1", "video=x", "video=-1", "video=0,music=0",
                           "video=1,video=2", "video=1,,music=1"})
    CHECK_MESSAGE(std::holds_alternative<std::string>(parse_shares(text)), text);
  CHECK(std::get<std::string>(parse_shares("a=1,a=2")) == "'a' stands twice");
}

TEST_CASE("arrivals are known by name") {
  CHECK(arrivals_named("poisson") == Arrivals::poisson);
  CHECK(name_of(Arrivals::burst) == "burst");
  CHECK_FALSE(arrivals_named("often").has_value());
}
