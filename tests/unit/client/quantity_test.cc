#include "client/quantity.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::client;

TEST_CASE("durations are read with their unit, and seconds without one") {
  CHECK(parse_duration("10s") == 10s);
  CHECK(parse_duration("1.5ms") == 1500us);
  CHECK(parse_duration("2m") == 120s);
  CHECK(parse_duration("250us") == 250us);
  CHECK(parse_duration("0.25") == 250ms);
}

TEST_CASE("what is no duration is refused") {
  for (const char* text : {"", "s", "-1s", "10 s", "10x", "1e300", "nan", "inf", "300000000000"})
    CHECK_MESSAGE(!parse_duration(text), text);
}

TEST_CASE("counts are whole and take k and M") {
  CHECK(parse_count("300") == 300U);
  CHECK(parse_count("10k") == 10000U);
  CHECK(parse_count("2.5M") == 2500000U);
  CHECK(parse_count("1e6") == 1000000U);
  for (const char* text : {"", "-1", "1.5", "10K", "1e17", "x"}) CHECK_MESSAGE(!parse_count(text), text);
}

TEST_CASE("sizes in bytes count in steps of 1024") {
  CHECK(parse_bytes("40") == 40U);
  CHECK(parse_bytes("4KiB") == 4096U);
  CHECK(parse_bytes("1M") == 1048576U);
  CHECK(!parse_bytes("4kb"));
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
