#include "client/seconds_file.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::client;

TEST_CASE("each second is a line that can be read before the run is over") {
  const test::TempDir dir;
  const std::string path = dir.file("seconds.csv");
  auto file = std::get<SecondsFile>(SecondsFile::create(path));
  Interval interval;
  interval.sent = 4;
  interval.ok = 2;
  interval.failed = 1;
  interval.latency.record(100ns);
  interval.latency.record(200ns);
  file.add(500ms, interval, 3);
  const std::string expected =
      "time_s,sent,ok,failed,open,ok_per_s,mean_us,p50_us,p90_us,p99_us,max_us\n"
      "0.500000000,4,2,1,3,4.000,0.150,0.100,0.200,0.200,0.200\n";
  CHECK(dir.read("seconds.csv") == expected);
  file.add(2s, {}, 0);
  CHECK(file.close().empty());
  CHECK(dir.read("seconds.csv") == expected + "2.000000000,0,0,0,0,0.000,0.000,0.000,0.000,0.000,0.000\n");
}

TEST_CASE("a file that cannot be made is named") {
  const auto made = SecondsFile::create("/nowhere/seconds.csv");
  REQUIRE(std::holds_alternative<std::string>(made));
  CHECK(std::get<std::string>(made).find("/nowhere/seconds.csv") != std::string::npos);
}
