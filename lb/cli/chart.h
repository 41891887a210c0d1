// One panel of a picture: values over time, with axes. Pure: values in, SVG out.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace finishline::cli {

/// As text between tags of SVG.
std::string xml_escaped(std::string_view text);

/// Where a panel stands, in pixels.
struct Frame {
  double left = 0, top = 0, width = 0, height = 0;
};

enum class TimeLabels : std::uint8_t { dates, hours, weekdays };

class Chart {
 public:
  /// What goes from left to right and from bottom to top. An empty range is widened.
  Chart(const Frame& frame, double first_x, double last_x, double low, double high);

  double x(double at) const;
  double y(double value) const;

  /// Lines across at round values, with their labels to the left.
  std::string value_axis() const;
  /// Labels below at round times of x, which is in seconds, and lines up.
  std::string time_axis(TimeLabels labels) const;
  std::string title(std::string_view text) const;
  /// Through all points; broken where a value is NaN.
  std::string line(std::span<const double> xs, std::span<const double> values, std::string_view style) const;
  /// Filled between both; no NaN.
  std::string band(std::span<const double> xs, std::span<const double> lows, std::span<const double> highs,
                   std::string_view style) const;
  std::string dot(double at, double value, std::string_view style, std::string_view title) const;
  std::string line_up(double at, std::string_view style) const;
  const Frame& frame() const { return frame_; }

 private:
  Frame frame_;
  double first_x_, last_x_, low_, high_;
};

/// `style` is a class of the sheet of the picture; `anchor` is start, middle or end.
std::string chart_text(double x, double y, std::string_view style, std::string_view anchor,
                       std::string_view text);
/// "812", "12.5k", "3.2M".
std::string short_figure(double value);

}  // namespace finishline::cli
