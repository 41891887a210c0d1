// A histogram as bars, for the report. Pure.
#pragma once

#include <string>

#include "client/histogram.h"

namespace finishline::client {

/// A line for each range between two round times, from the shortest latency to the longest: its end, a bar,
/// the count and its share. "" of nothing.
std::string histogram_chart(const Histogram& histogram);

}  // namespace finishline::client
