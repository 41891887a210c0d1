// The results of `finishline sim` for people and for programs. Pure: values in, text out.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lb/sim/series.h"

namespace finishline::cli {

/// One kind of traffic, and how each policy did on it.
struct Experiment {
  std::string arrivals;            // "batch", "poisson" or "trace"
  std::string description;         // one line: "300 requests at once, 20 seeds"
  std::vector<sim::Summary> rows;  // one per policy
};

/// One table per experiment: a policy a row; ratio p50, p95, max over the seeds; latency mean, p99.
std::string text_report(std::span<const Experiment> experiments);
/// The same and the counts by server and type, as one JSON object. Names come from `scenario`.
std::string json_report(std::span<const Experiment> experiments, const sim::Scenario& scenario);

}  // namespace finishline::cli
