// A comparison for people and for programs. Pure.
#pragma once

#include <string>
#include <vector>

#include "client/comparison.h"

namespace finishline::client {

/// A table, the verdict and what the reader should know.
std::string to_text(const Comparison& comparison);
/// One JSON object, indented, with a line end. `beyond` are the names of the measures that passed the limit.
std::string to_json(const Comparison& comparison, const std::vector<std::string>& beyond);

}  // namespace finishline::client
