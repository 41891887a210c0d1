// What `finishline forecast` was asked for: text from the command line, turned into a series to forecast, or
// into the reason why not.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "lb/forecast/place_clock.h"
#include "lb/forecast/series.h"

namespace finishline::cli {

/// As written; empty stands for "not given".
struct ForecastOptions {
  std::string source{};           // a CSV file, or a pool
  std::string text{};             // what a pool's past is, as CSV; "": the source is a file
  std::string admin{}, config{};  // where the pool's proxy is
  std::string series{};           // of a pool; "": rate
  std::string horizon{};          // a day, or as far as a short past is good for
  std::string step{};             // as in the file, or the finest that leaves at most Grid::most_steps
  std::string plot{};             // an SVG file to write, too
  std::string timezone{};         // UTC
  std::vector<std::string> special_days{};
  bool counter = false, keep_zeros = false, json = false, backtest = false;
};

struct ForecastTask {
  std::string source;
  forecast::Series series;  // on the clock of the place
  forecast::Calendar calendar;
  std::size_t horizon = 0;  // steps
  std::size_t samples = 0;  // read
  std::size_t outages = 0;  // steps of zeros that were taken to be missing
  forecast::PlaceClock clock;
};

/// Reads the file. Sets TZ of this process where a time zone is given. The string says what is wrong, where,
/// and what to do.
std::variant<ForecastTask, std::string> forecast_task(const ForecastOptions& options);

}  // namespace finishline::cli
