#include "lb/cli/picture.h"

#include <vector>

#include "lb/cli/chart.h"

namespace finishline::cli {

std::string chart_sheet() {
  return "text { font-family: 'Helvetica Neue', Helvetica, Arial, sans-serif; fill: #3c4650 }\n"
         ".headline { font-size: 19px; font-weight: 600; fill: #1d242b } .under { font-size: 13px; fill: "
         "#66717c }\n"
         ".title { font-size: 13px; font-weight: 600 } .label { font-size: 11.5px; fill: #7a858f }\n"
         ".strong { fill: #3c4650; font-weight: 600 } .key { font-size: 12.5px }\n"
         ".grid { stroke: #edf0f2 } .zero { stroke: #c4cbd1 } .midnight { stroke: #d5dbe0 }\n";
}

std::string picture(double width, double height, std::string_view sheet, const std::string& content) {
  const std::string wide = std::to_string(static_cast<int>(width));
  const std::string high = std::to_string(static_cast<int>(height));
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + wide + "\" height=\"" + high +
         "\" viewBox=\"0 0 " + wide + ' ' + high + "\">\n<style>" + std::string(sheet) +
         "</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n" + content + "</svg>\n";
}

std::string key_at(double& x, double y, std::string_view style, KeyKind kind, std::string_view words) {
  const Chart sample({x, y - 9, 22, 10}, 0, 1, 0, 1);
  const std::vector<double> ends{0, 1}, lows{0, 0}, highs{1, 1}, middle{0.5, 0.5};
  std::string svg = kind == KeyKind::dot    ? sample.dot(0.5, 0.5, style, words)
                    : kind == KeyKind::area ? sample.band(ends, lows, highs, style)
                                            : sample.line(ends, middle, style);
  svg += chart_text(x + 29, y, "key", "start", words);
  x += 52 + 6.6 * static_cast<double>(words.size());
  return svg;
}

}  // namespace finishline::cli
