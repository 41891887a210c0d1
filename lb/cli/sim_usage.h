// `finishline sim --usage`: days and weeks of typed traffic as a series, for `finishline forecast`, or as a
// trace, for `finishline-client --trace` and `finishline sim --trace`. Pure but for the configuration file it
// may read.
#pragma once

#include <string>
#include <variant>

#include "lb/cli/sim_options.h"

namespace finishline::cli {

/// A CSV text, or the reason why not.
struct UsageText {
  std::string csv, problem;
};

/// `options.usage` is "total", the name of a request type, or "trace".
UsageText usage_text(const SimOptions& options);

}  // namespace finishline::cli
