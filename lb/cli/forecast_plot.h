// A forecast as a picture. Pure: values in, SVG out.
#pragma once

#include <string>

#include "lb/cli/forecast_report.h"

namespace finishline::cli {

/// The end of the history with its anomalies, the forecast in its two bands, and below what the load is made
/// of: trend, usual day and usual week. Times are those of the place.
std::string forecast_plot(const ForecastTask& task, const ForecastResult& result);

}  // namespace finishline::cli
