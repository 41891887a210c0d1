// The results of `finishline sim` as a picture. Pure: values in, SVG out.
#pragma once

#include <span>
#include <string>

#include "lb/cli/sim_report.h"

namespace finishline::cli {

/// One row of bars per policy and experiment: makespan against the lower bound, mean latency, p99 latency.
/// The best value of each column is marked; latencies are on a logarithmic scale.
std::string svg_plot(std::span<const Experiment> experiments);

}  // namespace finishline::cli
