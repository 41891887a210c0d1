#include "lb/cli/sim_plot.h"

#include <doctest/doctest.h>

#include <string>

namespace finishline::cli {
namespace {

sim::Summary row(const char* policy, double ratio, Nanos latency) {
  sim::Summary summary;
  summary.policy = sched::find_choice(policy);
  summary.name = summary.policy->name;
  summary.ratio_p50 = ratio;
  summary.latency_mean = latency;
  summary.latency_p99 = 2 * latency;
  return summary;
}

std::size_t count(const std::string& text, const std::string& words) {
  std::size_t times = 0;
  for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++times;
  return times;
}

TEST_CASE(
    "the plot has three bars with their values per policy, marks the best of each column and the bound") {
  const Experiment batch{"batch", "R&D <300>", {row("makespan", 1.1, 4ms), row("adaptive", 1.05, 8ms)}};
  const std::string svg = svg_plot(std::vector{batch, batch});
  CHECK(svg.starts_with("<svg "));
  CHECK(svg.find(" viewBox=\"0 0 ") != std::string::npos);
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(svg.find("batch: R&amp;D &lt;300>") != std::string::npos);
  CHECK(count(svg, "<rect x=") == 2 * 6 + 2);  // with the legend
  CHECK(count(svg, "fill=\"#3a9d5d\"") == 2 * 3 + 1);
  CHECK(count(svg, "<line x1=\"376.727\"") == 2);  // 1, where 1.1 ends at 394
  CHECK(count(svg, ">1.050<") == 2);
  CHECK(count(svg, ">16.00 ms<") == 2);
}

TEST_CASE("rows that took no time and experiments without rows do no harm") {
  const std::string svg =
      svg_plot(std::vector<Experiment>{{"trace", "nothing", {}}, {"batch", "", {row("regret", 1, 0ns)}}});
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("nothing") == std::string::npos);
}

}  // namespace
}  // namespace finishline::cli
