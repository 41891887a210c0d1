// CPU and memory of a process, as its /metrics page tells them: process_cpu_seconds_total and
// process_resident_memory_bytes, which clients of Prometheus export by themselves. Pure. Control process.
#pragma once

#include <optional>
#include <string_view>

namespace finishline::control {

struct ProcessPage {
  std::optional<double> cpu_seconds{};
  std::optional<double> resident_bytes{};
};

/// Without labels; what is not there is nothing.
ProcessPage process_page_of(std::string_view metrics);

}  // namespace finishline::control
