#include "lb/cli/gantt.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/sim/scenarios.h"

namespace finishline::cli {
namespace {

std::size_t count_in(const std::string& text, const std::string& words) {
  std::size_t times = 0;
  for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++times;
  return times;
}

TEST_CASE("the Gantt chart has a line for each server and a bar for each request that was served") {
  const sim::Scenario scenario = test::seed_batch(20);
  std::vector<GanttRun> runs;
  for (const char* const policy : {"makespan", "round-robin"})
    runs.push_back({policy, sim::run_one(scenario, *sched::find_policy(policy), {}, 1)});
  const std::string svg = gantt_svg("R&D", scenario, runs);
  CHECK(svg.starts_with("<svg "));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(svg.find(">R&amp;D<") != std::string::npos);
  CHECK(count_in(svg, "class=\"bar\"") == 2 * 20);
  CHECK(count_in(svg, "class=\"bound\"") == 2);
  CHECK(count_in(svg, ">music-1<") == 2);
  CHECK(svg.find(">makespan: ") != std::string::npos);
}

TEST_CASE("a server with two slots has two lines, on which no bars overlap") {
  sim::Scenario scenario = test::seed_batch(40);
  for (ServerSpec& server : scenario.servers) server.slots = 2;
  const std::vector<GanttRun> runs{
      {"makespan", sim::run_one(scenario, *sched::find_policy("makespan"), {}, 1)}};
  const std::string svg = gantt_svg("", scenario, runs);
  CHECK(count_in(svg, "class=\"bar\"") == 40);
  CHECK(count_in(svg, ">video-1<") == 1);
  CHECK(svg.find("height=\"248\"") != std::string::npos);  // of two lines for each of three servers
}

TEST_CASE("a run of nothing is a picture of nothing") {
  const std::vector<GanttRun> runs{{"makespan", {}}};
  const std::string svg = gantt_svg("", test::seed_batch(1), runs);
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("inf") == std::string::npos);
}

}  // namespace
}  // namespace finishline::cli
