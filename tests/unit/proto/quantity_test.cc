#include "proto/quantity.h"

#include <doctest/doctest.h>

#include <chrono>

using namespace finishline;
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
  for (const auto* text : {"", "10", "s", "-1s", "1 s", " 1s", "1s ", "1m30s", "1S", "10x", "1e300", "nan",
                           "infs", "nans", "1e3s", "0x1s", "1000000000000h"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("sizes are numbers with a binary unit") {
  CHECK(parse_size("512B") == 512);
  CHECK(parse_size("16MiB") == 16 << 20);
  CHECK(parse_size("0.5KiB") == 512);
  CHECK(parse_size("1GiB") == 1 << 30);
  CHECK_FALSE(parse_size("16Mib"));
  CHECK_FALSE(parse_size("16"));
  CHECK_FALSE(parse_size("-1B"));
}

TEST_CASE("on a command line a number without a unit is seconds, or bytes") {
  CHECK(parse_duration("0.25", Bare::allowed) == 250ms);
  CHECK(parse_duration("10s", Bare::allowed) == 10s);
  CHECK(parse_size("40", Bare::allowed) == 40);
  CHECK(parse_size("4KiB", Bare::allowed) == 4096);
  for (const char* text : {"", ".", "-1", "1 ", "1e3", "1.2.3", "300000000000"})
    CHECK_MESSAGE(!parse_duration(text, Bare::allowed), text);
}

TEST_CASE("a size may be in units of 1000, which have a B and no i") {
  CHECK(parse_size("1kB") == 1000);
  CHECK(parse_size("64MB") == 64'000'000);
  CHECK(parse_size("2GB") == 2'000'000'000);
}

TEST_CASE("of durations without a unit, 0 alone can be meant one way only") {
  CHECK(parse_duration("0", Bare::zero) == 0s);
  CHECK(parse_duration("100ms", Bare::zero) == 100ms);
  for (const char* text : {"100", "0.5", "00", "1", ""})
    CHECK_MESSAGE(!parse_duration(text, Bare::zero), text);
}

TEST_CASE("what is wrong with a duration or a size comes with what to say instead") {
  CHECK(duration_problem("100") == "'100' has no unit: say 100ms or 100s");
  CHECK(duration_problem("soon") == "'soon' is no duration, as 250us, 1.5ms, 2s or 3min are");
  CHECK(size_problem("big") == "'big' is no size, as 512B, 4KiB, 16MiB or 64MB are");
}

TEST_CASE("rates are per second unless they say otherwise") {
  CHECK(parse_rate("100") == 100.0);
  CHECK(parse_rate("0.5") == 0.5);
  CHECK(parse_rate("10k") == 10000.0);
  CHECK(parse_rate("1000/s") == 1000.0);
  CHECK(parse_rate("60/m") == 1.0);
  CHECK(parse_rate("36/h") == 0.01);
  CHECK(parse_rate_per_hour("36/h") == 36);
  for (const char* text : {"", "-1", "/s", "5/d", "5 /s", "nan"}) CHECK_MESSAGE(!parse_rate(text), text);
}

TEST_CASE("one of a thing is in the singular") {
  CHECK(counted(0, "request") == "0 requests");
  CHECK(counted(1, "request") == "1 request");
  CHECK(counted(1234, "seed") == "1,234 seeds");
}

TEST_CASE("counts are whole and take k and M") {
  CHECK(parse_count("300") == 300U);
  CHECK(parse_count("10k") == 10000U);
  CHECK(parse_count("2.5M") == 2500000U);
  CHECK(parse_count("1e6") == 1000000U);
  for (const char* text : {"", "-1", "1.5", "10K", "1e17", "x"}) CHECK_MESSAGE(!parse_count(text), text);
}

TEST_CASE("short units of size count in steps of 1024, too") {
  CHECK(parse_size("64k") == 65536);
  CHECK(parse_size("64K") == 65536);
  CHECK(parse_size("1M") == 1 << 20);
  CHECK(parse_size("2G") == std::int64_t{2} << 30);
  CHECK_FALSE(parse_size("4kb"));
}

TEST_CASE("spans are shown with four digits in the unit that fits") {
  CHECK(human(0ns) == "0 ns");
  CHECK(human(870ns) == "870 ns");
  CHECK(human(41250ns) == "41.25 us");
  CHECK(human(5031us) == "5.031 ms");
  CHECK(human(999960us) == "1.000 s");
  CHECK(human(1204ms) == "1.204 s");
  CHECK(human(125s) == "2 min 5 s");
  CHECK(human(7260s) == "2 h 1 min");
}

TEST_CASE("counts and rates are grouped by thousands") {
  CHECK(human_count(0) == "0");
  CHECK(human_count(999) == "999");
  CHECK(human_count(1234567) == "1,234,567");
  CHECK(human_rate(87.314) == "87.31");
  CHECK(human_rate(12345.4) == "12,345");
}
