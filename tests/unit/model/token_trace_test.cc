#include "lb/model/token_trace.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::model;

namespace {

const std::string kHeader = "TIMESTAMP,ContextTokens,GeneratedTokens\n";
const std::vector<std::string> kTypes{"short", "middle", "long"};

std::vector<TraceRow> rows_of(const std::string& lines) {
  return std::get<0>(parse_token_trace(kHeader + lines, kTypes));
}
std::string problem_in(const std::string& text) {
  const auto parsed = parse_token_trace(text, kTypes);
  const auto* problem = std::get_if<std::string>(&parsed);
  return problem == nullptr ? "" : *problem;
}

}  // namespace

TEST_CASE("what is generated is the length, and times count from the first request") {
  const auto rows = rows_of("2024-02-28 23:59:59.5000000,7,12\r\n2024-02-29 00:00:01.2500000,7,0\n");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].at == 0ns);
  CHECK(rows[0].length == 12);
  CHECK(rows[1].at == 1750ms);
  CHECK(rows[1].length == 0);
}

TEST_CASE("contexts are cut into as many equal parts as there are types, equals together") {
  std::string lines;
  for (const int context : {60, 10, 40, 20, 50, 30})
    lines += "2024-01-01 00:00:00," + std::to_string(context) + ",1\n";
  std::string types;
  for (const TraceRow& row : rows_of(lines)) types += row.type[0];
  CHECK(types == "lsmslm");
  for (const TraceRow& row : rows_of("2024-01-01 00:00:00,5,1\n2024-01-01 00:00:01,5,1\n"))
    CHECK(row.type == "short");
}

TEST_CASE("rows are put in order of time") {
  const auto rows = rows_of("2024-01-01 00:00:09,1,2\n2024-01-01 00:00:08,1,1\n");
  CHECK(rows[0].length == 1);
  CHECK(rows[1].at == 1s);
}

TEST_CASE("a token trace is known by its first line") {
  CHECK(is_token_trace(kHeader));
  CHECK(is_token_trace("TIMESTAMP,ContextTokens,GeneratedTokens\r\n1"));
  CHECK_FALSE(is_token_trace("time_s,type,length\n"));
  CHECK_FALSE(is_token_trace(""));
}

TEST_CASE("a line that is wrong is named") {
  CHECK(problem_in("a,b,c\n").starts_with("line 1: the columns are not TIMESTAMP,"));
  CHECK(problem_in(kHeader + "2024-01-01 00:00:00,1\n") == "line 2: the line has too few columns");
  CHECK(problem_in(kHeader + "2024-02-30 00:00:00,1,1\n")
            .starts_with("line 2: '2024-02-30 00:00:00' is not a time"));
  CHECK(problem_in(kHeader + "\n1,1,1\n").starts_with("line 3: '1' is not a time"));
  CHECK(problem_in(kHeader + "2024-01-01 00:00:00,1,1.5\n").starts_with("line 2: tokens are whole numbers"));
  CHECK(problem_in(kHeader + "2024-01-01 00:00:00,-1,1\n").starts_with("line 2: tokens are whole numbers"));
}
