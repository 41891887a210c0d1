#include "lb/config/rate.h"

#include <doctest/doctest.h>

#include <chrono>

using namespace finishline::config;
using namespace std::chrono_literals;

TEST_CASE("rates are numbers with a span of time") {
  CHECK(parse_rate("100/s")->interval() == 10ms);
  CHECK(parse_rate("6000/m") == parse_rate("100/s"));
  CHECK(parse_rate("0.5/s")->interval() == 2s);
  CHECK(parse_rate("1/h")->interval() == 1h);
  CHECK(parse_rate("1000000000/s")->interval() == 1ns);
  CHECK(parse_rate("250/s")->per_second() == 250);
  CHECK(parse_rate("1/h")->per_second() == 1);
  CHECK_FALSE(parse_rate("0/s")->limits());
  for (const auto* text : {"", "100", "/s", "100 /s", "100/ms", "-1/s", "100/s "}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rate(text));
  }
}
