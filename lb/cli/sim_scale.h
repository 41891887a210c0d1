// `finishline sim --scale`: what scaling would have made of a day. Pure but for the file it may read.
#pragma once

#include <string>

#include "lb/cli/sim_options.h"

namespace finishline::cli {

struct ScaleText {
  std::string text, problem;
  std::string plot;  // an SVG, if one is asked for
};

/// `options.scale` is "day", "connections" or a CSV file of a load.
ScaleText scale_text(const SimOptions& options);

}  // namespace finishline::cli
