#include "lb/http/refusals.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

#include "lb/log/log.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::http;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line.substr(line.find(' ') + 1));
  return lines;
}

}  // namespace

TEST_CASE("the log tells of the first of each reason at once, then once a minute with how many there were") {
  const test::TempDir dir;
  REQUIRE(log::start({.file = dir.file("log"), .process = "control"}).empty());
  RefusalCounts refusals;
  Instant now{1h};
  refusals.count(Refused::wrong_host, "10.0.0.7", now);
  refusals.count(Refused::wrong_token, "10.0.0.8", now);
  for (int second = 1; second <= 60; ++second)
    refusals.count(Refused::wrong_host, "10.0.0.9", now + second * 1s);
  refusals.count(Refused::silent, "10.0.0.9", now);
  CHECK(refusals.of(Refused::wrong_host) == 61);
  CHECK(refusals.of(Refused::silent) == 1);
  CHECK(lines_of(dir.file("log")) ==
        std::vector<std::string>{"warning control admin_refused client=10.0.0.7 reason=wrong_host times=1",
                                 "warning control admin_refused client=10.0.0.8 reason=wrong_token times=1",
                                 "warning control admin_refused client=10.0.0.9 reason=wrong_host times=60"});
  log::start({});
}
