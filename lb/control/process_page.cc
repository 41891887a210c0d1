#include "lb/control/process_page.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace finishline::control {
namespace {

/// "NAME VALUE", perhaps with a time behind it.
std::optional<double> sample_in(std::string_view line, std::string_view name) {
  if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ' ') return std::nullopt;
  line.remove_prefix(std::min(line.find_first_not_of(' ', name.size()), line.size()));
  double value = 0;
  const auto read = std::from_chars(line.data(), line.data() + line.size(), value);
  const bool whole = read.ptr == line.data() + line.size() || *read.ptr == ' ' || *read.ptr == '\r';
  if (read.ec != std::errc{} || !whole || !std::isfinite(value) || value < 0) return std::nullopt;
  return value;
}

}  // namespace

ProcessPage process_page_of(std::string_view metrics) {
  ProcessPage page;
  while (!metrics.empty()) {
    const std::string_view line = metrics.substr(0, metrics.find('\n'));
    metrics.remove_prefix(std::min(line.size() + 1, metrics.size()));
    if (const auto cpu = sample_in(line, "process_cpu_seconds_total")) page.cpu_seconds = cpu;
    if (const auto memory = sample_in(line, "process_resident_memory_bytes")) page.resident_bytes = memory;
  }
  return page;
}

}  // namespace finishline::control
