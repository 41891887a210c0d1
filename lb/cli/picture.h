// What all pictures share: the sheet of charts, the frame of a file, and keys. Pure: SVG out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace finishline::cli {

/// Styles of the text and axes of charts (chart.h), for the sheet of a picture.
std::string chart_sheet();

/// A whole file of this size, in pixels, on white.
std::string picture(double width, double height, std::string_view sheet, const std::string& content);

enum class KeyKind : std::uint8_t { line, area, dot };

/// What a style of a chart means, with a piece of it, at `x` of a row whose text stands at `y`; `x` is moved
/// on to the next.
std::string key_at(double& x, double y, std::string_view style, KeyKind kind, std::string_view words);

}  // namespace finishline::cli
