#include "lb/control/series_file.h"

#include <doctest/doctest.h>

namespace finishline::control {
namespace {

std::string problem_of(const char* text) {
  const auto parsed = parse_series(text);
  const auto* problem = std::get_if<std::string>(&parsed);
  return problem ? *problem : "";
}

TEST_CASE("times are read as people and programs write them") {
  for (const char* text :
       {"2026-11-02T14:30:00Z", "2026-11-02 14:30", "2026-11-02T15:30:00+01:00", "2026-11-02T09:30-0500",
        "1793629800", "1793629800.0", "2026-11-02T14:30:00.000"}) {
    CAPTURE(std::string(text));
    CHECK(parse_time(text).value_or(0) == 1793629800);
  }
  CHECK(parse_time("2026-11-02") == 1793577600);
  for (const char* text : {"", "yesterday", "2026-13-02", "2026-02-30", "2026-11-02T25:00",
                           "2026-11-02T14:30:00X", "-5", "1e300"}) {
    CAPTURE(std::string(text));
    CHECK(!parse_time(text));
  }
}

TEST_CASE("a time is written as it is read") {
  CHECK(time_text(1793629800) == "2026-11-02T14:30:00Z");
  CHECK(time_text(0) == "1970-01-01T00:00:00Z");
}

TEST_CASE("columns stand in either order, comments and empty lines are skipped, empty values are left out") {
  const auto parsed = parse_series("# made by hand\nvalue,time\n5,60\n\n,120\nnan,180\n\"7\",\"240\"\r\n");
  REQUIRE(std::holds_alternative<std::vector<forecast::LoadSample>>(parsed));
  const auto& samples = std::get<std::vector<forecast::LoadSample>>(parsed);
  REQUIRE(samples.size() == 2);
  CHECK(samples[0].time_s == 60);
  CHECK(samples[1].value == 7);
}

TEST_CASE("what is wrong with a file is told with its line and what to do") {
  CHECK(problem_of("") == "it is empty: a line 'time,value' and rows below it are needed");
  CHECK(problem_of("time,value\n") == "it has no row with a value");
  CHECK(problem_of("60,5\n") == "line 1: the header is missing: begin with a line 'time,value'");
  CHECK(problem_of("tmie,value\n") == "line 1: column 'tmie' is not known, did you mean time?");
  CHECK(problem_of("time,value,host\n") ==
        "line 1: column 'host' is not known: time and value are, and no other; cut it out");
  CHECK(problem_of("time\n") == "line 1: column 'value' is missing");
  CHECK(problem_of("time,time\n") == "line 1: column 'time' stands twice");
  CHECK(problem_of("time,value\n60,5,6\n") == "line 2: the line has 3 columns, where time and value are 2");
  CHECK(problem_of("time,value\n\nsoon,5\n") ==
        "line 3: column time: 'soon' is not a time, as in 2026-11-02T14:30:00Z or 1793629800");
  CHECK(problem_of("time,value\n60,many\n") ==
        "line 2: column value: 'many' is not a number; leave it empty where none was measured");
}

}  // namespace
}  // namespace finishline::control
