#include "lb/cli/sim_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <vector>

#include "lb/cli/chart.h"
#include "lb/cli/picture.h"
#include "proto/quantity.h"

namespace finishline::cli {
namespace {

// Pixels.
constexpr int kMargin = 24;
constexpr int kNames = 180;  // width of the policies' names
constexpr int kBar = 190;    // of the longest bar
constexpr int kPanel = 290;  // of a bar with its value and the gap to the next
constexpr int kRow = 24;
constexpr int kHead = 64;  // height of title and column heads
constexpr int kLegendBar = 24;
constexpr int kWidth = 2 * kMargin + kNames + 3 * kPanel;

constexpr const char* kColour = "#7a8793";
constexpr const char* kBest = "#3a9d5d";
constexpr const char* kAdaptive = "#d1495b";

/// What a column shows of a row.
struct Column {
  const char* title;
  double (*value)(const sim::Summary&);
  std::string (*text)(const sim::Summary&);
  bool logarithmic;
  double bound;  // what nobody can be below, marked by a line; 0: none
};

std::string three_digits(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f", value);
  return text.data();
}

constexpr std::array<Column, 3> kColumns{{
    {"makespan / lower bound", [](const sim::Summary& row) { return row.ratio_p50; },
     [](const sim::Summary& row) { return three_digits(row.ratio_p50); }, false, 1},
    {"mean latency (log, from half the least)",
     [](const sim::Summary& row) { return to_seconds(row.latency_mean); },
     [](const sim::Summary& row) { return human(row.latency_mean); }, true, 0},
    {"p99 latency (log, from half the least)",
     [](const sim::Summary& row) { return to_seconds(row.latency_p99); },
     [](const sim::Summary& row) { return human(row.latency_p99); }, true, 0},
}};

/// `style` is a class of the sheet below.
std::string text_at(int x, int y, const char* style, std::string_view text) {
  return "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" class=\"" + style + "\">" +
         xml_escaped(text) + "</text>\n";
}

std::string bar_at(int x, int y, double length, const char* colour) {
  return "<rect x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" width=\"" +
         three_digits(std::max(length, 1.0)) + "\" height=\"14\" rx=\"2\" fill=\"" + colour + "\"/>\n";
}

std::string line_down(double x, int y, int length) {
  const std::string at = three_digits(x);
  return "<line x1=\"" + at + "\" y1=\"" + std::to_string(y) + "\" x2=\"" + at + "\" y2=\"" +
         std::to_string(y + length) + "\"/>\n";
}

/// The part of the longest bar that stands for `value`: from 0, or on a scale that begins at half the least.
double share(double value, double least, double greatest, bool logarithmic) {
  if (!logarithmic || least <= 0) return greatest > 0 ? value / greatest : 0;
  return std::log(2 * value / least) / std::log(2 * greatest / least);
}

std::string column_svg(const Experiment& experiment, const Column& column, int x, int y) {
  std::vector<double> values;
  for (const sim::Summary& row : experiment.rows) values.push_back(column.value(row));
  const auto [least, greatest] = std::ranges::minmax(values);
  std::string svg = text_at(x, y - 8, "head", column.title);
  for (std::size_t i = 0; i < values.size(); ++i, y += kRow) {
    const sim::Summary& row = experiment.rows[i];
    const double length = kBar * share(values[i], least, greatest, column.logarithmic);
    const char* const rest = row.policy == &sched::adaptive() ? kAdaptive : kColour;
    svg += bar_at(x, y + 4, length, values[i] == least ? kBest : rest);
    svg += text_at(x + static_cast<int>(std::max(length, 1.0)) + 6, y + 15, "value", column.text(row));
  }
  const int rows = static_cast<int>(values.size()) * kRow;
  if (column.bound > 0)
    svg += line_down(x + kBar * share(column.bound, least, greatest, false), y - rows, rows);
  return svg;
}

int height_of(const Experiment& experiment) {
  return kHead + static_cast<int>(experiment.rows.size()) * kRow + kMargin;
}

std::string experiment_svg(const Experiment& experiment, int top) {
  const int first = top + kHead;
  std::string svg = text_at(kMargin, top + 18, "title", experiment.arrivals + ": " + experiment.description);
  for (std::size_t i = 0; i < experiment.rows.size(); ++i)
    svg += text_at(kMargin, first + static_cast<int>(i) * kRow + 15, "name", experiment.rows[i].name);
  int x = kMargin + kNames;
  for (const Column& column : kColumns) {
    svg += column_svg(experiment, column, x, first);
    x += kPanel;
  }
  return svg;
}

std::string legend_entry(int x, int y, const char* colour, std::string_view words) {
  return bar_at(x, y, kLegendBar, colour) + text_at(x + kLegendBar + 6, y + 12, "value", words);
}

/// Of what there is.
std::string legend_svg(std::string_view body, int y) {
  std::string svg = legend_entry(kMargin, y, kBest, "least of its column");
  if (body.find(kAdaptive) != std::string_view::npos)
    svg += legend_entry(kMargin + kNames, y, kAdaptive, "adaptive, where it is not the least");
  return svg + line_down(kMargin + kNames + kPanel, y, 14) +
         text_at(kMargin + kNames + kPanel + 6, y + 12, "value",
                 "1: the lower bound, which nobody can be below");
}

/// The best first.
Experiment in_order(Experiment experiment) {
  std::ranges::stable_sort(experiment.rows, {}, &sim::Summary::ratio_p50);
  return experiment;
}

}  // namespace

std::string svg_plot(std::span<const Experiment> experiments) {
  int height = kMargin;
  std::string body;
  for (const Experiment& experiment : experiments) {
    if (experiment.rows.empty()) continue;
    body += experiment_svg(in_order(experiment), height);
    height += height_of(experiment);
  }
  body += legend_svg(body, height);
  height += kRow + kMargin;
  return picture(kWidth, height,
                 "text { font-family: Helvetica, Arial, sans-serif; font-size: 13px; fill: #333333 } "
                 ".title { font-size: 15px; font-weight: bold } .head { fill: #666666 } .value { font-size: "
                 "12px } line { stroke: #333333; stroke-dasharray: 2 3 }",
                 body);
}

}  // namespace finishline::cli
