#include "lb/cli/scale_plot.h"

#include <algorithm>

#include "lb/cli/chart.h"
#include "proto/quantity.h"

namespace finishline::cli {
namespace {

// Pixels.
constexpr double kLeft = 60, kTop = 118, kRight = 24, kBelow = 84;
constexpr double kInnerWidth = 310, kInnerHeight = 150, kAcrossGap = 76;
constexpr double kWideWidth = 1080, kWideHeight = 330;  // of a single day
constexpr std::size_t kPanelsInRow = 3;

constexpr const char* kDaySheet =
    "text { font-family: 'Helvetica Neue', Helvetica, Arial, sans-serif; fill: #3c4650 }\n"
    ".headline { font-size: 19px; font-weight: 600; fill: #1d242b } .under { font-size: 13px; fill: #66717c "
    "}\n"
    ".title { font-size: 13px; font-weight: 600 } .label { font-size: 11.5px; fill: #7a858f }\n"
    ".strong { fill: #3c4650; font-weight: 600 } .key { font-size: 12.5px }\n"
    ".grid { stroke: #edf0f2 } .zero { stroke: #c4cbd1 } .midnight { stroke: #d5dbe0 }\n"
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

std::string key_for(double& x, std::string_view style, bool area, std::string_view words) {
  const Chart sample({x, 56, 22, 10}, 0, 1, 0, 1);
  const std::vector<double> ends{0, 1}, lows{0, 0}, highs{1, 1}, middle{0.5, 0.5};
  std::string svg = style.starts_with("late") ? sample.dot(0.5, 0.5, style, words)
                    : area                    ? sample.band(ends, lows, highs, style)
                                              : sample.line(ends, middle, style);
  svg += chart_text(x + 29, 65, "key", "start", words);
  x += 52 + 6.4 * static_cast<double>(words.size());
  return svg;
}

std::string key_row(const ScalePanel& day) {
  double x = kLeft;
  std::string svg = key_for(x, "work", true, "what the work takes");
  for (const sim::ScaleOutcome& outcome : day.outcomes) {
    const std::string name(name_of(outcome.provision));
    svg += key_for(x, name, false, name);
  }
  return svg + key_for(x, "late-reactive", false, "requests late") +
         key_for(x, "late-predictive", false, "late with a forecast");
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
  const std::string wide = std::to_string(static_cast<int>(std::max(width, 1000.0)));
  const std::string high = std::to_string(static_cast<int>(height));
  const sim::ScaleScenario& scenario = days.front().scenario;
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + wide + "\" height=\"" + high +
         "\" viewBox=\"0 0 " + wide + ' ' + high + "\">\n<style>" + kDaySheet +
         "</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n" +
         chart_text(kLeft, 28, "headline", "start", "Servers by the hour") +
         chart_text(kLeft, 46, "under", "start",
                    "a server takes " + human(scenario.start_time) +
                        " to start; late: waited for more than " + human(scenario.target)) +
         key_row(days.front()) + svg + "</svg>\n";
}

}  // namespace finishline::cli
