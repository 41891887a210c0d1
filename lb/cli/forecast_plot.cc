#include "lb/cli/forecast_plot.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "lb/cli/chart.h"
#include "lb/cli/picture.h"
#include "lb/control/series_file.h"
#include "lb/forecast/components.h"
#include "lb/forecast/season.h"

namespace finishline::cli {
namespace {

constexpr double kPictureWidth = 1180, kPictureHeight = 690;
constexpr Frame kMain{74, 96, 1066, 310};
constexpr double kPartTop = 478, kPartHeight = 150, kPartWidth = 300, kPartGap = 83;
constexpr std::size_t kHorizonsShown = 7;  // of the history
constexpr double kDaySeconds = 86400;
constexpr std::size_t kLeastShown = 48;  // steps

constexpr const char* kSheet =
    ".now { stroke: #3c4650; stroke-dasharray: 3 4 }\n"
    ".history { fill: none; stroke: #34424f; stroke-width: 1.5; stroke-linejoin: round }\n"
    ".ahead { fill: none; stroke: #1c6fd1; stroke-width: 2.2; stroke-linejoin: round }\n"
    ".wide { fill: #cfe2f8 } .narrow { fill: #9cc4f0 }\n"
    ".odd { fill: #e4572e; stroke: #ffffff; stroke-width: 1.3 }\n"
    ".part { fill: none; stroke: #1c8c7c; stroke-width: 1.8; stroke-linejoin: round }\n";

struct Extent {
  double low = 0, high = 0;
  bool any = false;
  void add(double value) {
    if (!std::isfinite(value)) return;
    low = any ? std::min(low, value) : value;
    high = any ? std::max(high, value) : value;
    any = true;
  }
};

/// Seconds from one step to the next.
std::vector<double> times_of(const forecast::Series& series, std::size_t first, std::size_t count) {
  std::vector<double> times;
  for (std::size_t i = 0; i < count; ++i) times.push_back(static_cast<double>(series.time_of(first + i)));
  return times;
}

/// The forecast in columns, the last known value in front so that the line does not begin in the air.
struct Ahead {
  std::vector<double> times, values, low80, high80, low95, high95;

  Ahead(const forecast::Series& series, const std::vector<forecast::Point>& points) {
    if (const double last = series.values.back(); !forecast::is_missing(last))
      add(static_cast<double>(series.time_of(series.size() - 1)), last, {last, last}, {last, last});
    for (const forecast::Point& p : points) add(static_cast<double>(p.time_s), p.value, p.band80, p.band95);
  }
  void add(double time, double value, const forecast::Band& narrow, const forecast::Band& wide) {
    times.push_back(time);
    values.push_back(value);
    low80.push_back(narrow.low);
    high80.push_back(narrow.high);
    low95.push_back(wide.low);
    high95.push_back(wide.high);
  }
};

/// What is seen of all: the history shown, the forecast and its 80 % band, and the wide band as far as it
/// does not make the rest small.
Extent range_of(const std::vector<double>& shown, const Ahead& ahead) {
  Extent range;
  for (const double value : shown) range.add(value);
  for (const double value : ahead.high80) range.add(value);
  for (const double value : ahead.low80) range.add(value);
  const double reach = range.high + (range.high - range.low) / 3;
  for (const double value : ahead.high95) range.add(std::min(value, reach));
  range.low = range.low >= 0 ? 0 : range.low;
  range.high += (range.high - range.low) / 20;
  return range;
}

std::string legend(bool odd) {
  constexpr double kKeyLine = 70;
  double x = kMain.left;
  std::string svg = key_at(x, kKeyLine, "history", KeyKind::line, "history");
  svg += key_at(x, kKeyLine, "ahead", KeyKind::line, "forecast");
  svg += key_at(x, kKeyLine, "narrow", KeyKind::area, "80 % interval");
  svg += key_at(x, kKeyLine, "wide", KeyKind::area, "95 % interval");
  return odd ? svg + key_at(x, kKeyLine, "odd", KeyKind::dot, "anomaly") : svg;
}

std::string main_panel(const ForecastTask& task, const ForecastResult& result) {
  const forecast::Series& series = task.series;
  const std::size_t wanted = std::max(kHorizonsShown * task.horizon, kLeastShown);
  const std::size_t first = series.size() - std::min(series.size(), wanted);
  const forecast::Series shown = series.part(first);
  const Ahead ahead(series, result.forecast.points);
  const Extent range = range_of(shown.values, ahead);
  const std::vector<double> times = times_of(series, first, shown.size());
  const Chart chart(kMain, times.front(), ahead.times.back(), range.low, range.high);
  std::string svg = chart.time_axis(TimeLabels::dates) + chart.value_axis() +
                    chart.band(ahead.times, ahead.low95, ahead.high95, "wide") +
                    chart.band(ahead.times, ahead.low80, ahead.high80, "narrow") +
                    chart.line_up(times.back(), "now") + chart.line(times, shown.values, "history") +
                    chart.line(ahead.times, ahead.values, "ahead");
  bool odd = false;
  for (const forecast::Anomaly& anomaly : result.anomalies) {
    if (anomaly.step < first) continue;
    odd = true;
    svg +=
        chart.dot(static_cast<double>(series.time_of(anomaly.step)), series.values[anomaly.step], "odd",
                  short_figure(series.values[anomaly.step]) + ", expected " + short_figure(anomaly.expected));
  }
  return svg + legend(odd);
}

std::string part_panel(std::size_t place, std::string_view title, const std::vector<double>& times,
                       const std::vector<double>& values, TimeLabels labels) {
  Extent range;
  for (const double value : values) range.add(value);
  const double room = (range.high - range.low) / 15;
  const Frame frame{kMain.left + static_cast<double>(place) * (kPartWidth + kPartGap), kPartTop, kPartWidth,
                    kPartHeight};
  const Chart chart(frame, times.front(), times.back(), range.low - room, range.high + room);
  return chart.title(title) + chart.time_axis(labels) + chart.value_axis() +
         chart.line(times, values, "part");
}

/// The last whole season of a component.
std::string season_panel(std::size_t place, const ForecastTask& task, const forecast::Season& season,
                         std::string_view title, const std::vector<double>& component) {
  const std::size_t period = forecast::steps_in(task.series, season);
  if (period == 0) {
    const double left = kMain.left + static_cast<double>(place) * (kPartWidth + kPartGap);
    return chart_text(left, kPartTop - 10, "title", "start", title) +
           chart_text(left, kPartTop + 16, "under", "start",
                      "no data: two of each are needed, in steps that divide it");
  }
  const auto end = static_cast<std::int64_t>(component.size());
  std::int64_t first = end - static_cast<std::int64_t>(period);
  const std::int64_t phase = task.series.time_of(static_cast<std::size_t>(first)) / task.series.step_s;
  // From midnight, and from Monday: 1970 began on a Thursday.
  const auto monday =
      static_cast<std::int64_t>(period == 7 || season.length_s > 86400 ? 4 * 86400 / task.series.step_s : 0);
  first -= (phase - monday) % static_cast<std::int64_t>(period);
  first = std::max<std::int64_t>(first, 0);
  const auto begin = static_cast<std::size_t>(first);
  return part_panel(
      place, title, times_of(task.series, begin, period + 1),
      {component.begin() + first, component.begin() + first + static_cast<std::int64_t>(period) + 1},
      season.length_s > kDaySeconds ? TimeLabels::weekdays : TimeLabels::hours);
}

std::string parts(const ForecastTask& task) {
  const forecast::Components made_of = forecast::components_of(task.series, task.calendar, 1);
  return part_panel(0, "Trend", times_of(task.series, 0, made_of.trend.size()), made_of.trend,
                    TimeLabels::dates) +
         season_panel(1, task, forecast::kDay, "What the time of day adds", made_of.day) +
         season_panel(2, task, forecast::kWeek, "What the day of the week adds", made_of.week);
}

std::string headline(const ForecastTask& task, const ForecastResult& result) {
  const forecast::Backtest& check = result.forecast.check;
  const double mase = check.rows[check.chosen].accuracy.mase;
  std::string under = "by " + std::string(result.forecast.method) + "; ";
  under += check.origins == 0
               ? "not checked, the history is too short"
               : "checked at " + std::to_string(check.origins) + " times past: off by " +
                     short_figure(check.rows[check.chosen].accuracy.mae) + " on the average" +
                     (std::isfinite(mase) ? ", MASE " + short_figure(std::round(mase * 1000) / 1000) : "");
  return chart_text(kMain.left, 30, "headline", "start",
                    "Forecast of " + task.source.substr(task.source.rfind('/') + 1)) +
         chart_text(kMain.left, 50, "under", "start", under);
}

}  // namespace

std::string forecast_plot(const ForecastTask& task, const ForecastResult& result) {
  return picture(kPictureWidth, kPictureHeight, chart_sheet() + kSheet,
                 headline(task, result) + main_panel(task, result) + parts(task));
}

}  // namespace finishline::cli
