// Days of `finishline sim --scale` as a picture. Pure: values in, SVG out.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "lb/sim/scale_day.h"

namespace finishline::cli {

/// One day, however its servers were provided.
struct ScalePanel {
  std::string title;
  sim::ScaleScenario scenario;
  std::vector<sim::ScaleOutcome> outcomes;
};

/// One panel for each day, three in a row: how many servers the work takes at the target share, how many
/// there were, and a dot wherever requests waited too long. Times are those of the load. `days` must not be
/// empty.
std::string scale_plot(std::span<const ScalePanel> days);

}  // namespace finishline::cli
