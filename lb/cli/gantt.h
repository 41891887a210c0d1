// When each server worked on what: a picture of one run per contender, one below the other. Pure: values in,
// SVG out.
#pragma once

#include <span>
#include <string>

#include "lb/sim/series.h"

namespace finishline::cli {

/// One run of one contender on a scenario.
struct GanttRun {
  std::string name;
  sim::Result result;
};

/// A picture of `runs`, which are all of the same requests of `scenario` and have the same scale. A server
/// with several slots has a line for each that it needs; of many servers the first are shown.
std::string gantt_svg(const std::string& title, const sim::Scenario& scenario,
                      std::span<const GanttRun> runs);

}  // namespace finishline::cli
