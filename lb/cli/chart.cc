#include "lb/cli/chart.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace finishline::cli {
namespace {

constexpr double kLabelsAcross = 4;  // at most so many lines across, about
constexpr double kLabelWidth = 75;   // pixels for one time label
constexpr std::array<double, 14> kTimeSteps{60,    300,   900,   1800,   3600,   7200,    10800,
                                            21600, 43200, 86400, 172800, 604800, 1209600, 2419200};

std::string pixel(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", value);
  return text.data();
}

/// 1, 2 or 5 times a power of ten.
double round_step(double rough) {
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= rough) return factor * power;
  return 10 * power;
}

/// "14:00", or at midnight "2 Nov"; of years "2011".
std::string time_label(double seconds, double step) {
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_seconds time{std::chrono::seconds(static_cast<std::int64_t>(seconds))};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(time - day).count();
  std::array<char, 48> text{};
  if (step < 86400 && minutes != 0)
    std::snprintf(text.data(), text.size(), "%02d:%02d", static_cast<int>(minutes / 60),
                  static_cast<int>(minutes % 60));
  else
    std::snprintf(text.data(), text.size(), "%u %s%s", static_cast<unsigned>(date.day()),
                  kMonths[static_cast<unsigned>(date.month()) - 1],
                  step >= 2419200 ? (" " + std::to_string(static_cast<int>(date.year()))).c_str() : "");
  return text.data();
}

std::string label_of(TimeLabels labels, double seconds, double step) {
  constexpr std::array kDays{"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};  // from 1 January 1970 on
  const auto day = static_cast<std::size_t>(seconds / 86400);
  if (labels == TimeLabels::weekdays) return kDays[day % kDays.size()];
  if (labels == TimeLabels::hours && std::fmod(seconds, 86400) == 0) return "00:00";
  return time_label(seconds, step);
}

std::string grid_line(double x1, double y1, double x2, double y2, std::string_view style) {
  return "<line x1=\"" + pixel(x1) + "\" y1=\"" + pixel(y1) + "\" x2=\"" + pixel(x2) + "\" y2=\"" +
         pixel(y2) + "\" class=\"" + std::string(style) + "\"/>\n";
}

}  // namespace

std::string xml_escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '<')
      safe += "&lt;";
    else if (c == '&')
      safe += "&amp;";
    else
      safe += c;
  }
  return safe;
}

std::string short_figure(double value) {
  constexpr std::array<std::pair<double, const char*>, 3> kUnits{{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}}};
  std::array<char, 32> text{};
  for (const auto& [unit, letter] : kUnits) {
    if (std::abs(value) < unit) continue;
    std::snprintf(text.data(), text.size(), "%.4g%s", value / unit, letter);
    return text.data();
  }
  std::snprintf(text.data(), text.size(), "%.4g", value);
  return text.data();
}

std::string chart_text(double x, double y, std::string_view style, std::string_view anchor,
                       std::string_view text) {
  return "<text x=\"" + pixel(x) + "\" y=\"" + pixel(y) + "\" class=\"" + std::string(style) +
         "\" text-anchor=\"" + std::string(anchor) + "\">" + xml_escaped(text) + "</text>\n";
}

Chart::Chart(const Frame& frame, double first_x, double last_x, double low, double high)
    : frame_(frame), first_x_(first_x), last_x_(std::max(last_x, first_x + 1)), low_(low), high_(high) {
  if (high_ > low_) return;
  const double room = std::max(std::abs(high), 1.0) / 10;
  low_ = low - room;
  high_ = low + room;
}

double Chart::x(double at) const {
  return frame_.left + frame_.width * (at - first_x_) / (last_x_ - first_x_);
}
double Chart::y(double value) const {
  return frame_.top + frame_.height * (1 - std::clamp((value - low_) / (high_ - low_), -0.02, 1.02));
}

std::string Chart::value_axis() const {
  const double step = round_step((high_ - low_) / kLabelsAcross);
  std::string svg;
  for (double value = std::ceil(low_ / step) * step; value <= high_ + step / 1000; value += step) {
    const double near_zero = std::abs(value) < step / 1000 ? 0 : value;
    svg += grid_line(frame_.left, y(value), frame_.left + frame_.width, y(value),
                     near_zero == 0 ? "zero" : "grid");
    svg += chart_text(frame_.left - 8, y(value) + 4, "label", "end", short_figure(near_zero));
  }
  return svg;
}

std::string Chart::time_axis(TimeLabels labels) const {
  const double rough = (last_x_ - first_x_) * kLabelWidth / frame_.width;
  const auto* const found =
      std::ranges::lower_bound(kTimeSteps, labels == TimeLabels::weekdays ? 86400 : rough);
  const double step =
      found == kTimeSteps.end() ? std::ceil(rough / kTimeSteps.back()) * kTimeSteps.back() : *found;
  const double bottom = frame_.top + frame_.height;
  // A weekday's name stands below the middle of its day.
  const double shift = labels == TimeLabels::weekdays ? frame_.width * step / 2 / (last_x_ - first_x_) : 0;
  std::string svg;
  for (double at = std::ceil(first_x_ / step) * step; at <= last_x_; at += step) {
    if (labels == TimeLabels::weekdays && at + step / 2 > last_x_) break;
    const bool midnight = std::fmod(at, 86400) == 0 && step < 86400 && labels == TimeLabels::dates;
    svg += grid_line(x(at), frame_.top, x(at), bottom, midnight ? "midnight" : "grid");
    svg += chart_text(x(at) + shift, bottom + 18, midnight ? "label strong" : "label", "middle",
                      label_of(labels, at, step));
  }
  return svg;
}

std::string Chart::title(std::string_view text) const {
  return chart_text(frame_.left, frame_.top - 10, "title", "start", text);
}

std::string Chart::line(std::span<const double> xs, std::span<const double> values,
                        std::string_view style) const {
  std::string path;
  bool drawing = false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool there = std::isfinite(values[i]);
    if (there) path += (drawing ? "L" : "M") + pixel(x(xs[i])) + " " + pixel(y(values[i]));
    drawing = there;
  }
  return "<path d=\"" + path + "\" class=\"" + std::string(style) + "\"/>\n";
}

std::string Chart::band(std::span<const double> xs, std::span<const double> lows,
                        std::span<const double> highs, std::string_view style) const {
  std::string path;
  for (std::size_t i = 0; i < xs.size(); ++i)
    path += (i == 0 ? "M" : "L") + pixel(x(xs[i])) + " " + pixel(y(highs[i]));
  for (std::size_t i = xs.size(); i-- > 0;) path += "L" + pixel(x(xs[i])) + " " + pixel(y(lows[i]));
  return "<path d=\"" + path + "Z\" class=\"" + std::string(style) + "\"/>\n";
}

std::string Chart::dot(double at, double value, std::string_view style, std::string_view title) const {
  return "<circle cx=\"" + pixel(x(at)) + "\" cy=\"" + pixel(y(value)) + "\" r=\"4\" class=\"" +
         std::string(style) + "\"><title>" + xml_escaped(title) + "</title></circle>\n";
}

std::string Chart::line_up(double at, std::string_view style) const {
  return grid_line(x(at), frame_.top, x(at), frame_.top + frame_.height, style);
}

}  // namespace finishline::cli
