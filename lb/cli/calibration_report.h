// A calibration for people and for programs. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lb/cli/calibration.h"

namespace finishline::cli {

/// TOML, the tables [cost.*] with what the trace shows; the rest of what is known stands in its comments.
/// `source` names the trace, `confidence` is of the intervals: 0.99.
std::string calibration_toml(const Calibration& calibration, const std::string& source, double confidence);
nlohmann::ordered_json calibration_json(const Calibration& calibration, double confidence);

}  // namespace finishline::cli
