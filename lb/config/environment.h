// Environment variables inside the values of a configuration: "${NAME}", or "${NAME:-otherwise}" for one that
// may be unset or empty; "$${" stands for "${" itself. They are those that the proxy was started with: a
// reload reads the file again, not them. What is changed over a file (overlay.h) has none.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lb/config/document.h"

namespace finishline::config {

/// Nothing for one that is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
/// This process's own.
Environment process_environment();

/// The text with its variables replaced; or why that cannot be done, for a user.
std::variant<std::string, std::string> expand(const std::string& text, const Environment& environment);

/// All texts of the document, its keys apart. A text that is nothing but one variable may stand for a number
/// or a boolean: it is marked (Node::expanded). The problems are those of texts that cannot be made so, which
/// are taken out of the document.
std::vector<Problem> expand(Table& document, const Environment& environment);

}  // namespace finishline::config
