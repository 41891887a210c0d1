// The run second by second, as CSV that can be watched while it grows.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <variant>

#include "client/interval.h"
#include "client/line_file.h"
#include "proto/units.h"

namespace finishline::client {

/// Columns, times from the start of the run and latencies in microseconds:
///
///   time_s,sent,ok,failed,open,ok_per_s,mean_us,p50_us,p90_us,p99_us,max_us
class SecondsFile {
 public:
  /// The string is the reason why the file cannot be written.
  static std::variant<SecondsFile, std::string> create(const std::string& path);

  /// A line for what happened since the last one, or since the start. Is written out at once.
  void add(Nanos at, const Interval& interval, std::size_t open_now);
  /// The reason why something could not be written, now or earlier, or "".
  std::string close();

 private:
  SecondsFile(LineFile file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  LineFile file_;
  std::string path_;
  Nanos last_{};
};

}  // namespace finishline::client
