#include "client/live_graph.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "proto/quantity.h"

namespace finishline::client {
namespace {

constexpr std::size_t kMost = 600;  // seconds that are kept
constexpr std::size_t kWords = 36;  // columns that are left for what stands beside the bars

constexpr std::array<std::string_view, 9> kBlocks{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<std::string_view, 9> kAscii{" ", ".", ".", ":", "-", "=", "+", "*", "#"};

/// The last `width` values as bars, the highest of them as high as a bar can be.
std::string bars_of(const std::vector<double>& values, std::size_t width, bool unicode) {
  const auto begin = values.end() - static_cast<std::ptrdiff_t>(std::min(width, values.size()));
  const double highest = *std::max_element(begin, values.end());
  std::string bars;
  for (auto value = begin; value != values.end(); ++value) {
    const double part = highest > 0 ? *value / highest : 0;
    const auto level = static_cast<std::size_t>(part * 7 + (part > 0 ? 1 : 0));
    bars += (unicode ? kBlocks : kAscii)[level];
  }
  return bars;
}

std::string line_of(std::string_view title, const std::vector<double>& values, std::size_t columns,
                    bool unicode, std::string (*text)(double)) {
  const std::size_t width = columns > kWords ? columns - kWords : 1;
  const double highest = *std::ranges::max_element(values);
  return std::string(title) + bars_of(values, width, unicode) + "  " + text(values.back()) + "  (most " +
         text(highest) + ")";
}

void push(std::vector<double>& values, double value) {
  if (values.size() == kMost) values.erase(values.begin());
  values.push_back(value);
}

}  // namespace

void LiveGraph::add(double per_second, Nanos p99) {
  push(rates_, per_second);
  push(p99s_, static_cast<double>(p99.count()));
}

std::vector<std::string> LiveGraph::lines(std::size_t columns, bool unicode) const {
  if (rates_.empty()) return {};
  const auto time = [](double ns) { return ns > 0 ? human(Nanos{static_cast<std::int64_t>(ns)}) : "-"; };
  return {line_of("ok/s  ", rates_, columns, unicode, human_rate),
          line_of("p99   ", p99s_, columns, unicode, time)};
}

}  // namespace finishline::client
