// What `finishline forecast` has found, as text for people and as JSON. Pure.
#pragma once

#include <string>
#include <vector>

#include "lb/cli/forecast_options.h"
#include "lb/forecast/anomalies.h"
#include "lb/forecast/forecast.h"

namespace finishline::cli {

struct ForecastResult {
  forecast::Forecast forecast;
  std::vector<forecast::Anomaly> anomalies;
};

/// A line per step ahead, and how right such numbers were so far.
std::string forecast_text(const ForecastTask& task, const ForecastResult& result);
std::string forecast_json(const ForecastTask& task, const ForecastResult& result);

/// A line per method.
std::string backtest_text(const ForecastTask& task, const forecast::Backtest& check);
std::string backtest_json(const ForecastTask& task, const forecast::Backtest& check);

}  // namespace finishline::cli
