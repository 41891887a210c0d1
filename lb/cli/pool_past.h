// The past of a pool, asked of a running proxy: for `finishline forecast POOL`.
#pragma once

#include <string>
#include <variant>

namespace finishline::cli {

/// Whose past, and of whom it is asked: as AdminCommand takes them.
struct PoolPastOptions {
  std::string pool;
  std::string admin;            // "": that of the configuration, or the default
  std::string config;           // "": none
  std::string step;             // "": the longest of which enough is known
  std::string series = "rate";  // or work.TYPE
};

/// A CSV, time,value, of requests per second, or of work; nothing after a complaint on standard error.
std::string pool_past(const PoolPastOptions& options);
/// The points of a reply to GET /api/v1/series, of one series, as such a CSV; how many are known.
struct SeriesCsv {
  std::string text;
  std::size_t values = 0;
};
SeriesCsv csv_of_series(const std::string& reply);

}  // namespace finishline::cli
