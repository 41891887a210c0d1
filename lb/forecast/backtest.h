// How wrong each method, and their combination, would have been on a series: a walk through its past, where
// every forecast, weight and interval is made of what was known by then. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "lb/forecast/accuracy.h"
#include "lb/forecast/intervals.h"
#include "lb/forecast/rolling.h"

namespace finishline::forecast {

struct BacktestRow {
  std::string_view name;
  Accuracy accuracy;
};

struct Backtest {
  std::size_t horizon = 0;
  std::size_t origins = 0;           // that were judged; the first few only give weights and intervals
  std::vector<BacktestRow> rows;     // methods(), then the combination
  std::size_t chosen = 0;            // row: the combination, or a method that was wrong by clearly less
  std::vector<Intervals> intervals;  // by row, of all origins
};

struct BacktestOptions {
  std::size_t horizon = 1;
  std::size_t stride = 0;  // between origins; 0: the horizon
  std::size_t most_origins = 60;
  std::size_t refit_every = 1;  // origins
};

/// The row of the naive method that was wrong least; rows must not be empty.
std::size_t best_naive(const Backtest& check);

/// No origin where the series is shorter than a history of two seasons and a horizon: then nothing was
/// compared, and the combination is chosen.
Backtest backtest(const Series& series, const Calendar& calendar, const BacktestOptions& options);

/// The same of origins that were rolled already.
Backtest judge(const Series& series, std::span<const Origin> rolled, std::size_t horizon);

}  // namespace finishline::forecast
