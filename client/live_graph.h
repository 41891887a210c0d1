// Throughput and latency of the last minutes, a column a second, under the progress bar. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "proto/units.h"

namespace finishline::client {

class LiveGraph {
 public:
  /// What the last second brought.
  void add(double per_second, Nanos p99);

  /// "answered/s ▁▃▅▇ 412 (most 430)", and the same of p99; none before the first second. `columns` is how
  /// wide a line may be; without `unicode` the bars are ASCII characters.
  std::vector<std::string> lines(std::size_t columns, bool unicode) const;

 private:
  std::vector<double> rates_, p99s_;  // p99s_ in nanoseconds
};

}  // namespace finishline::client
