#include "lb/model/trace.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::model;

namespace {

std::vector<TraceRow> rows_of(std::string_view text) { return std::get<0>(parse_trace(text)); }
std::string problem_in(std::string_view text) {
  auto parsed = parse_trace(text);
  const auto* problem = std::get_if<std::string>(&parsed);
  return problem == nullptr ? "" : *problem;
}

}  // namespace

TEST_CASE("a request that failed tells nothing of how long its type takes") {
  const auto rows = parse_trace(
      "time_s,type,length,service_s,server,response_s,status\n0,video,3,0.003,video-1,0.004,ok\n"
      "1,video,3,0.5,video-1,0.6,server_error\n");
  const auto& read = std::get<std::vector<TraceRow>>(rows);
  REQUIRE(read.size() == 2);
  CHECK(read[0].service == 3ms);
  CHECK(read[1].service == 0ns);
}

TEST_CASE("what was written is read back to the nanosecond") {
  std::string text = "time_s,type,length\n";
  append_trace_row(text, 0ns, "video", 5);
  append_trace_row(text, 1250001ns, "music", 4294967295U);
  append_trace_row(text, Nanos{9007199254740991}, "picture", 0);  // 104 days
  const auto rows = rows_of(text);
  REQUIRE(rows.size() == 3);
  CHECK(rows[1].at == 1250001ns);
  CHECK(rows[1].type == "music");
  CHECK(rows[1].length == 4294967295U);
  CHECK(rows[2].at == Nanos{9007199254740991});
}

TEST_CASE("columns are found by their names, whatever else there is") {
  const auto rows = rows_of("server,length,time_s,type\nvideo-1,7,0.5,video\n");
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].at == 500ms);
  CHECK(rows[0].type == "video");
  CHECK(rows[0].length == 7);
}

TEST_CASE("names of columns, comments, empty lines and the last line end may be left out") {
  const auto rows = rows_of("# recorded on Monday\n\n0.1, V ,3\r\n0.2,M,4");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].type == "V");
  CHECK(rows[1].length == 4);
}

TEST_CASE("rows are put in order of time, equal times stay as they were") {
  const auto rows = rows_of("0.2,a,1\n0.1,b,2\n0.2,c,3\n");
  CHECK(rows[0].type == "b");
  CHECK(rows[1].type == "a");
  CHECK(rows[2].type == "c");
}

TEST_CASE("a line that is wrong is named") {
  CHECK(problem_in("0.1,video\n") == "line 1: the line has too few columns");
  CHECK(problem_in("time_s,type,length\n0.1,video,3\nsoon,video,3\n") ==
        "line 3: 'soon' is not a time in seconds");
  CHECK(problem_in("0.1,video,4294967296\n") == "line 1: '4294967296' is not a length from 0 to 4294967295");
  CHECK(problem_in("0.1,video,-1\n") == "line 1: '-1' is not a length from 0 to 4294967295");
  CHECK(problem_in("0.1,,1\n") == "line 1: the type is empty");
  CHECK(problem_in("time,type,length\n") == "line 1: no column is named time_s");
}
