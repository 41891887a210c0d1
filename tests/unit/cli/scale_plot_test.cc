#include "lb/cli/scale_plot.h"

#include <doctest/doctest.h>

#include <utility>

#include "lb/sim/recorded_day.h"

namespace finishline::cli {
namespace {

std::size_t how_often(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// Two steps, the second with `late` requests where servers follow the load.
ScalePanel small_day(std::uint64_t late) {
  sim::ScaleOutcome peak, reactive;
  reactive.provision = sim::Provision::reactive;
  peak.steps = {{.load = 4, .servers = 10}, {.load = 8, .servers = 10}};
  reactive.steps = {{.load = 4, .servers = 5}, {.load = 8, .servers = 8, .late = late}};
  reactive.late = late;
  return {.title = "a <small> day",
          .scenario = sim::slow_servers(1),
          .outcomes = {std::move(peak), std::move(reactive)}};
}

TEST_CASE("each day is a panel with a line for each way to provide servers") {
  const std::string svg = scale_plot(std::vector{small_day(0), small_day(0)});
  CHECK(how_often(svg, "a &lt;small> day") == 2);
  CHECK(how_often(svg, "<path") == 2 * 3 + 3);  // work, peak and reactive of both days, and in the key
  CHECK(svg.ends_with("</svg>\n"));
}

TEST_CASE("a dot stands where requests were late, and says how many") {
  CHECK(how_often(scale_plot(std::vector{small_day(0)}), "late, reactive</title>") == 0);
  const std::string svg = scale_plot(std::vector{small_day(1234)});
  CHECK(how_often(svg, "<title>1,234 late, reactive</title>") == 1);
  CHECK(how_often(svg, "late: 1,234 reactive") == 1);
}

}  // namespace
}  // namespace finishline::cli
