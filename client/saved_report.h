// The JSON report of another run, as far as runs are compared.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace finishline::client {

struct SavedReport {
  /// Latencies that are at most `at_most_us` and above the part before.
  struct Part {
    double at_most_us = 0, count = 0;
  };
  struct Slice {
    double ok = 0, latency_us = 0;  // replies, and the sum of their latencies
  };

  std::string file;
  std::string arrivals, protocol, pool, policy;
  double connections = 0;
  double requests = 0, ok = 0;
  double throughput = 0;  // per second
  std::optional<double> makespan_s, ratio;
  double cpu_s = 0;    // of the client
  double mean_us = 0;  // latency
  std::vector<Part> latencies;
  std::vector<Slice> slices;  // of equal length, as in TimeSlices
};

/// The string says what is wrong with the text, with the name of the file and what to do.
std::variant<SavedReport, std::string> parse_report(std::string_view text, const std::string& file);
/// The same of a file.
std::variant<SavedReport, std::string> read_report(const std::string& file);

}  // namespace finishline::client
