// `finishline sim --usage`: days and weeks of typed traffic as a series, for `finishline forecast`. Pure but
// for the configuration file it may read.
#pragma once

#include <string>
#include <variant>

#include "lb/cli/sim_options.h"

namespace finishline::cli {

/// A CSV text, or the reason why not.
struct UsageText {
  std::string csv, problem;
};

/// `options.usage` is "total" or the name of a request type.
UsageText usage_text(const SimOptions& options);

}  // namespace finishline::cli
