// A histogram as HdrHistogram prints its percentiles, and wrk2 with --latency: what its plotters read. Pure.
#pragma once

#include <string>

#include "client/histogram.h"

namespace finishline::client {

/// Values in milliseconds; five lines each time the distance to 100 % is halved; mean, deviation and counts
/// at the end.
std::string hdr_text(const Histogram& histogram);

}  // namespace finishline::client
