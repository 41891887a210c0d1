#include "lb/cli/gantt.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "lb/cli/chart.h"
#include "lb/cli/picture.h"
#include "proto/quantity.h"

namespace finishline::cli {
namespace {

// Pixels.
constexpr double kGanttMargin = 24, kGanttNames = 130, kGanttWidth = 860, kGanttRight = 110;
constexpr double kGanttLine = 18, kGanttTitle = 30, kGanttGap = 22;
constexpr std::size_t kMostLines = 24;  // of one contender
constexpr std::array<const char*, 8> kTypeColours{"#3b6fb6", "#e0a030", "#3a9d5d", "#b05fa8",
                                                  "#d1495b", "#4aa3a2", "#8a6d3b", "#7a8793"};

/// One request at its server.
struct Bar {
  Nanos begin{}, end{};
  RequestType type = 0;
  std::uint32_t length = 0;
};
/// A slot of a server.
struct GanttLine {
  std::string name;  // "" but for the first slot
  std::vector<Bar> bars;
};

std::string decimal(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

/// In the order in which they began.
std::vector<Bar> bars_of(std::size_t server, const sim::Result& result, Nanos round_trip) {
  std::vector<Bar> bars;
  for (const sim::Assignment& it : result.assignments) {
    if (it.server != server) continue;
    const Nanos end = it.done - round_trip / 2;
    bars.push_back({end - it.service, end, it.request.type, it.request.length});
  }
  std::ranges::sort(bars, {}, &Bar::begin);
  return bars;
}

/// Each bar on the first line that is free.
std::vector<GanttLine> lines_of_server(const std::string& name, const std::vector<Bar>& bars) {
  std::vector<GanttLine> lines{{name, {}}};
  for (const Bar& bar : bars) {
    const auto is_free = [&](const GanttLine& line) {
      return line.bars.empty() || line.bars.back().end <= bar.begin;
    };
    auto line = std::ranges::find_if(lines, is_free);
    if (line == lines.end()) line = lines.insert(lines.end(), GanttLine{});
    line->bars.push_back(bar);
  }
  return lines;
}

std::vector<GanttLine> lines_of_run(const sim::Scenario& scenario, const sim::Result& result) {
  std::vector<GanttLine> lines;
  for (std::size_t server = 0; server < scenario.servers.size() && lines.size() < kMostLines; ++server)
    for (GanttLine& line :
         lines_of_server(scenario.servers[server].name, bars_of(server, result, scenario.round_trip)))
      lines.push_back(std::move(line));
  return lines;
}

double x_at(Nanos at, Nanos longest) {
  const double share = longest > 0ns ? to_seconds(at) / to_seconds(longest) : 0;
  return kGanttMargin + kGanttNames + kGanttWidth * share;
}

std::string rect_of(const Bar& bar, double y, Nanos longest, const CostModel& cost) {
  const double left = x_at(bar.begin, longest), width = std::max(x_at(bar.end, longest) - left, 0.3);
  const std::string& type = cost.request_types()[bar.type].name;
  return "<rect class=\"bar\" x=\"" + decimal(left) + "\" y=\"" + decimal(y) + "\" width=\"" +
         decimal(width) + "\" height=\"14\" fill=\"" + kTypeColours[bar.type % kTypeColours.size()] +
         "\"><title>" + xml_escaped(type) + " " + std::to_string(bar.length) + ", " +
         xml_escaped(human(bar.end - bar.begin)) + "</title></rect>\n";
}

std::string rule_down(double x, double top, double bottom, const char* style) {
  return "<line class=\"" + std::string(style) + "\" x1=\"" + decimal(x) + "\" x2=\"" + decimal(x) +
         "\" y1=\"" + decimal(top) + "\" y2=\"" + decimal(bottom) + "\"/>\n";
}

std::string run_svg(const GanttRun& run, const std::vector<GanttLine>& lines, double top, Nanos longest,
                    const CostModel& cost) {
  const double first = top + kGanttTitle, bottom = first + kGanttLine * static_cast<double>(lines.size());
  std::string svg = chart_text(kGanttMargin, top + 18, "title", "start",
                               run.name + ": " + human(run.result.makespan) + ", " +
                                   decimal(run.result.ratio()) + " x the lower bound");
  double y = first;
  for (const GanttLine& line : lines) {
    svg += chart_text(kGanttMargin, y + 12, "name", "start", line.name);
    for (const Bar& bar : line.bars) svg += rect_of(bar, y, longest, cost);
    y += kGanttLine;
  }
  return svg + rule_down(x_at(run.result.lower_bound, longest), first - 4, bottom, "bound") +
         rule_down(x_at(run.result.makespan, longest), first - 4, bottom, "end");
}

std::string gantt_legend(const CostModel& cost, double y) {
  double x = kGanttMargin;
  std::string svg;
  for (std::size_t type = 0; type < cost.request_types().size(); ++type) {
    const std::string& name = cost.request_types()[type].name;
    svg += "<rect x=\"" + decimal(x) + "\" y=\"" + decimal(y) + "\" width=\"14\" height=\"14\" fill=\"" +
           kTypeColours[type % kTypeColours.size()] + "\"/>\n" +
           chart_text(x + 19, y + 12, "name", "start", name);
    x += 44 + 7 * static_cast<double>(name.size());
  }
  return svg + chart_text(x, y + 12, "name", "start",
                          "dotted: the lower bound, which nobody can be below; solid: the last reply");
}

}  // namespace

std::string gantt_svg(const std::string& title, const sim::Scenario& scenario,
                      std::span<const GanttRun> runs) {
  Nanos longest{};
  for (const GanttRun& run : runs) longest = std::max({longest, run.result.makespan, run.result.lower_bound});
  double y = kGanttMargin;
  std::string body = chart_text(kGanttMargin, y + 12, "title", "start", title);
  y += kGanttGap;
  for (const GanttRun& run : runs) {
    const std::vector<GanttLine> lines = lines_of_run(scenario, run.result);
    body += run_svg(run, lines, y, longest, scenario.cost);
    y += kGanttTitle + kGanttLine * static_cast<double>(lines.size()) + kGanttGap;
  }
  body += gantt_legend(scenario.cost, y);
  y += kGanttLine + kGanttMargin;
  return picture(2 * kGanttMargin + kGanttNames + kGanttWidth + kGanttRight, y,
                 "text { font-family: Helvetica, Arial, sans-serif; font-size: 12px; fill: #333333 } "
                 ".title { font-size: 14px; font-weight: bold } .bar { stroke: #ffffff; stroke-width: 0.5 } "
                 ".bound { stroke: #333333; stroke-dasharray: 2 3 } .end { stroke: #333333 }",
                 body);
}

}  // namespace finishline::cli
