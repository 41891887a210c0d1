#include "lb/cli/scale_plot.h"

#include <algorithm>

#include "lb/cli/chart.h"
#include "lb/cli/picture.h"
#include "proto/quantity.h"

namespace finishline::cli {
namespace {

// Pixels.
constexpr double kLeft = 60, kTop = 118, kRight = 24, kBelow = 84;
constexpr double kInnerWidth = 310, kInnerHeight = 150, kAcrossGap = 76;
constexpr double kWideWidth = 1080, kWideHeight = 330;  // of a single day
constexpr std::size_t kPanelsInRow = 3;

constexpr const char* kDaySheet =
    ".work { fill: #dfe5ea } .peak { fill: none; stroke: #7a8793; stroke-dasharray: 5 4 }\n"
    ".reactive { fill: none; stroke: #d97b29; stroke-width: 1.6; stroke-linejoin: round }\n"
    ".predictive { fill: none; stroke: #1c6fd1; stroke-width: 1.6; stroke-linejoin: round }\n"
    ".late-reactive { fill: #d97b29; stroke: #ffffff; stroke-width: 1.2 }\n"
    ".late-predictive { fill: #1c6fd1; stroke: #ffffff; stroke-width: 1.2 }\n";

/// Once for each step, from its beginning.
std::vector<double> step_times(const ScalePanel& day) {
  std::vector<double> times;
  const sim::ScaleScenario& scenario = day.scenario;
  for (std::size_t i = 0; i < day.outcomes.front().steps.size(); ++i)
    times.push_back(static_cast<double>(
        scenario.begin_s + static_cast<std::int64_t>(scenario.first_step + i) * scenario.step_s));
  return times;
}

std::vector<double> servers_of(const sim::ScaleOutcome& outcome) {
  std::vector<double> servers;
  for (const sim::ScaleStep& step : outcome.steps) servers.push_back(step.servers);
  return servers;
}

std::vector<double> wanted_by(const ScalePanel& day) {
  std::vector<double> wanted;
  for (const sim::ScaleStep& step : day.outcomes.front().steps)
    wanted.push_back(step.load / day.scenario.rule.up_over);
  return wanted;
}

double highest_of(const ScalePanel& day) {
  double most = std::ranges::max(wanted_by(day));
  for (const sim::ScaleOutcome& outcome : day.outcomes)
    most = std::max(most, std::ranges::max(servers_of(outcome)));
  return 1.08 * most;
}

std::string late_dots(const Chart& chart, const ScalePanel& day, const std::vector<double>& times) {
  std::string svg;
  for (const sim::ScaleOutcome& outcome : day.outcomes) {
    const std::string name(name_of(outcome.provision));
    for (std::size_t i = 0; i < outcome.steps.size(); ++i)
      if (const std::uint64_t late = outcome.steps[i].late; late > 0)
        svg += chart.dot(times[i], outcome.steps[i].servers, "late-" + name,
                         human_count(late) + " late, " + name);
  }
  return svg;
}

std::string late_words(const ScalePanel& day) {
  std::string words;
  for (const sim::ScaleOutcome& outcome : day.outcomes) {
    if (outcome.provision < sim::Provision::reactive) continue;
    words += (words.empty() ? "late: " : ", ") + human_count(outcome.late) + " " +
             std::string(name_of(outcome.provision));
  }
  return words;
}

std::string day_panel(const ScalePanel& day, const Frame& frame) {
  const std::vector<double> times = step_times(day), wanted = wanted_by(day);
  const double high = highest_of(day);
  const Chart chart(frame, times.front(), times.back() + static_cast<double>(day.scenario.step_s), 0, high);
  std::string svg = chart.band(times, std::vector<double>(times.size(), 0), wanted, "work") +
                    chart.time_axis(TimeLabels::hours) + chart.value_axis();
  for (const sim::ScaleOutcome& outcome : day.outcomes)
    svg += chart.line(times, servers_of(outcome), name_of(outcome.provision));
  return svg + late_dots(chart, day, times) +
         chart_text(frame.left, frame.top - 25, "title", "start", day.title) +
         chart_text(frame.left, frame.top - 9, "label", "start", late_words(day));
}

constexpr double kKeyRow = 65;

std::string key_row(const ScalePanel& day) {
  double x = kLeft;
  std::string svg = key_at(x, kKeyRow, "work", KeyKind::area, "what the work takes");
  for (const sim::ScaleOutcome& outcome : day.outcomes) {
    const std::string name(name_of(outcome.provision));
    svg += key_at(x, kKeyRow, name, KeyKind::line, name);
  }
  return svg + key_at(x, kKeyRow, "late-reactive", KeyKind::dot, "requests late") +
         key_at(x, kKeyRow, "late-predictive", KeyKind::dot, "late with a forecast");
}

}  // namespace

std::string scale_plot(std::span<const ScalePanel> days) {
  const bool single = days.size() == 1;
  const double across = single ? kWideWidth : kInnerWidth, down = single ? kWideHeight : kInnerHeight;
  const std::size_t columns = std::min(days.size(), kPanelsInRow),
                    rows = (days.size() + columns - 1) / columns;
  std::string svg;
  for (std::size_t i = 0; i < days.size(); ++i) {
    const auto column = static_cast<double>(i % columns), row = static_cast<double>(i / columns);
    svg += day_panel(days[i],
                     {kLeft + column * (across + kAcrossGap), kTop + row * (down + kBelow), across, down});
  }
  const double width = kLeft + static_cast<double>(columns) * (across + kAcrossGap) - kAcrossGap + kRight;
  const double height = kTop + static_cast<double>(rows) * (down + kBelow) - kBelow + 40;
  const sim::ScaleScenario& scenario = days.front().scenario;
  return picture(std::max(width, 1000.0), height, chart_sheet() + kDaySheet,
                 chart_text(kLeft, 28, "headline", "start", "Servers by the hour") +
                     chart_text(kLeft, 46, "under", "start",
                                "a server takes " + human(scenario.start_time) +
                                    " to start; late: waited for more than " + human(scenario.target)) +
                     key_row(days.front()) + svg);
}

}  // namespace finishline::cli
