// Values of a configuration as JSON, and back: what the API tells and takes is what a file says. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "lb/config/document.h"
#include "lb/config/key_table.h"

namespace finishline::control {

/// Nothing for null, and for what holds null.
std::optional<config::Node> node_of(const nlohmann::ordered_json& value);
nlohmann::ordered_json json_of(const config::Node& node);
nlohmann::ordered_json json_of(const config::Table& table);
/// All keys of the section: as `part` has them, and what stands where it has none; null where nothing does.
nlohmann::ordered_json in_force(config::Section section, const config::Table& part);

}  // namespace finishline::control
