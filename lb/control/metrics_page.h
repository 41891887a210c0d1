// The page for Prometheus. Pure.
#pragma once

#include <string>

#include "lb/control/snapshot.h"

namespace finishline::control {

inline constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

/// Text exposition format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/
std::string metrics_page(const Snapshot& snapshot);

}  // namespace finishline::control
