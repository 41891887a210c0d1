#include "lb/config/quantity.h"

#include <doctest/doctest.h>

#include <chrono>

using namespace finishline::config;
using finishline::Nanos;
using namespace std::chrono_literals;

TEST_CASE("durations are numbers with a unit") {
  CHECK(parse_duration("250us") == 250us);
  CHECK(parse_duration("1ms") == 1ms);
  CHECK(parse_duration("1.5s") == 1500ms);
  CHECK(parse_duration("10m") == 10min);
  CHECK(parse_duration("2h") == 2h);
  CHECK(parse_duration("0s") == 0s);
  CHECK(parse_duration("7ns") == 7ns);
}

TEST_CASE("what is no duration is nothing") {
  for (const auto* text : {"", "10", "s", "-1s", "1 s", " 1s", "1s ", "1m30s", "1S", "infs", "nans", "1e3s",
                           "0x1s", "1000000000000h"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("sizes are numbers with a binary unit") {
  CHECK(parse_size("512B") == 512);
  CHECK(parse_size("16MiB") == 16 << 20);
  CHECK(parse_size("0.5KiB") == 512);
  CHECK(parse_size("1GiB") == 1 << 30);
  CHECK_FALSE(parse_size("16MB"));
  CHECK_FALSE(parse_size("16"));
  CHECK_FALSE(parse_size("-1B"));
}

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
