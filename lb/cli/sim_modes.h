// Which flags of `finishline sim` go together: it plays different things, and a flag that would be passed
// over was meant for another.
#pragma once

#include <string>

#include "lb/cli/sim_options.h"

namespace CLI {
class App;
}  // namespace CLI

namespace finishline::cli {

/// The first flag given to `flags`, which have been parsed, that `options` pass over, and what to do; "" when
/// there is none.
std::string passed_over(const CLI::App& flags, const SimOptions& options);

}  // namespace finishline::cli
