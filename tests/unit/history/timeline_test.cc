#include "lb/history/timeline.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

using namespace finishline;
using namespace finishline::history;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kStart = 1'790'000'000 - 1'790'000'000 % 3600;

SeriesSample second(std::int64_t at, double value, Nanos took = 0ns) {
  SeriesSample sample{.time = kStart + at};
  sample.add("requests", value);
  if (took != 0ns)
    sample.histograms = {
        {"latency", {{{static_cast<std::uint16_t>(model::LatencyBuckets::bucket_of(took)), 1}}}}};
  return sample;
}

Points read(const Timeline& timeline, std::string_view name, std::int64_t from, std::int64_t to,
            std::int64_t step) {
  return timeline.read(name, timeline.plan(kStart + from, kStart + to, step));
}

}  // namespace

TEST_CASE("without a directory the past is a quarter of an hour in memory") {
  Timeline timeline("");
  for (int s = 0; s < 100; ++s) timeline.add(second(s, s, s < 50 ? 1ms : 100ms));
  CHECK_FALSE(timeline.on_disk());
  CHECK(timeline.problem().empty());
  CHECK(timeline.plan(kStart, kStart + 100, 1).source() == "memory");
  CHECK(read(timeline, "requests", 10, 12, 1).values == std::vector<float>{10, 11});
  CHECK(read(timeline, "latency.p99", 0, 100, 100).values[0] == doctest::Approx(0.1).epsilon(0.02));
  CHECK(read(timeline, "latency.p50", 0, 50, 50).values[0] == doctest::Approx(0.001).epsilon(0.02));
  CHECK(std::isnan(read(timeline, "latency.p50", 200, 201, 1).values[0]));
}

TEST_CASE("the past outlives its process, and percentiles are of all requests, not means of percentiles") {
  const test::TempDir dir;
  for (int begin = 0; begin < 1200; begin += 300) {  // so many may wait for the disk
    Timeline timeline(dir.file(""));
    for (int s = begin; s < begin + 300; ++s)
      timeline.add(second(s, s < 600 ? 1 : 3, s % 10 == 0 ? 100ms : 1ms));
    REQUIRE(timeline.on_disk());
  }
  Timeline timeline(dir.file(""));
  timeline.add(second(2000, 7, 1ms));
  const auto plan = timeline.plan(kStart, kStart + 1200, 600);
  CHECK(plan.source() == "1min");
  CHECK(timeline.read("requests", plan).values == std::vector<float>{1, 3});
  CHECK(timeline.read("latency.p50", plan).values[0] == doctest::Approx(0.001).epsilon(0.02));
  CHECK(timeline.read("latency.p99", plan).values[0] == doctest::Approx(0.1).epsilon(0.02));
  CHECK(timeline.plan(kStart, kStart + 1200, 10).source() == "10s");
  const Points gap = read(timeline, "requests", 1190, 2010, 10);
  CHECK(gap.values.front() == 3);
  CHECK(std::isnan(gap.values[40]));
  CHECK(gap.values.back() == 7);  // from memory: it is not on disk yet
}

TEST_CASE("a restart in the middle of a block goes on with it") {
  const test::TempDir dir;
  for (int run = 0; run < 3; ++run) {
    Timeline timeline(dir.file(""));
    for (int s = 0; s < 20; ++s) timeline.add(second(run * 20 + s, run));
  }
  Timeline timeline(dir.file(""));
  timeline.add(second(1000, 0));
  CHECK(read(timeline, "requests", 0, 60, 10).values == std::vector<float>{0, 0, 1, 1, 2, 2});
}

TEST_CASE("marks outlive their process; the latest thousand are kept, and their ids rise over a restart") {
  const test::TempDir dir;
  std::uint64_t last = 0;
  {
    Timeline timeline(dir.file(""));
    for (int i = 0; i < 1200; ++i) timeline.mark(kStart + 0.0625, "server", std::to_string(i));
    CHECK(timeline.marks().size() == kMarksKept);
    last = timeline.marks().back().id;
  }
  Timeline timeline(dir.file(""));
  REQUIRE(timeline.marks().size() == kMarksKept);
  CHECK(timeline.marks().front().text == "200");
  CHECK(timeline.marks().back().time == kStart + 0.0625);
  CHECK(timeline.marks().back().kind == "server");
  CHECK(timeline.mark(kStart, "reload", "the clock was set back").id > last);
}

TEST_CASE("a mark is on disk at once: who is killed loses none") {
  const test::TempDir dir;
  Timeline timeline(dir.file(""));
  timeline.mark(kStart, "reload", "revision 2 is in force");
  const auto on_disk = [&] { return Timeline(dir.file("")).marks().size() == 1; };
  CHECK(test::wait_until(on_disk));
}

TEST_CASE("what happened while there was no directory comes behind what an earlier process has kept") {
  const test::TempDir dir;
  const std::string state = dir.file("state");
  Timeline timeline(state);
  timeline.mark(kStart + 100, "reload", "now");
  CHECK_FALSE(timeline.on_disk());
  std::filesystem::create_directory(state);
  { Timeline(state).mark(kStart, "reload", "earlier"); }
  for (int s = 0; s < 20; ++s) timeline.add(second(s, 0));
  REQUIRE(timeline.marks().size() == 2);
  CHECK(timeline.marks().front().text == "earlier");
  CHECK(test::wait_until([&] { return Timeline(state).marks().size() == 2; }));
}

TEST_CASE("a directory that cannot be used leaves memory, and a reason; a broken file is put aside") {
  Timeline nowhere("/nowhere/at/all");
  CHECK(nowhere.problem().find("/nowhere/at/all/history.db") != std::string::npos);
  nowhere.add(second(0, 5));
  CHECK(read(nowhere, "requests", 0, 1, 1).values == std::vector<float>{5});

  const test::TempDir dir;
  dir.write("history.db", std::string(10'000, 'x'));
  Timeline timeline(dir.file(""));
  CHECK(timeline.problem().empty());
  CHECK(std::filesystem::exists(dir.file("history.db.broken")));
}

TEST_CASE("who is killed loses ten seconds at most, and the time until the next process is a gap") {
  const test::TempDir dir;
  Timeline killed(dir.file(""));
  // Nothing is closed: what the disk has now is what a kill leaves.
  const auto kept = [&](std::ptrdiff_t slots) {
    const auto store = Store::open(dir.file(""), Store::Use::read);
    const std::string bytes = std::get<Store>(store).get(0, "requests", kStart).values;
    const ValueBlock values = decode_values(bytes, static_cast<std::size_t>(kTiers[0].slots));
    return std::all_of(values.begin(), values.begin() + slots, [](float value) { return value == 5; });
  };
  for (int s = 0; s < 10; ++s) killed.add(second(s, 5));
  REQUIRE(test::wait_until([&] { return kept(1); }));
  for (int s = 10; s < 40; ++s) killed.add(second(s, 5));
  CHECK(test::wait_until([&] { return kept(3); }));
  Timeline next(dir.file(""));
  for (int s = 70; s < 80; ++s) next.add(second(s, 7));
  const Points points = next.read("requests", next.plan(kStart, kStart + 80, 10));
  REQUIRE(points.values.size() == 8);
  CHECK(points.values[2] == 5);
  for (const std::size_t lost : {4U, 5U, 6U}) CHECK(std::isnan(points.values[lost]));
  CHECK(points.values[7] == 7);
}
