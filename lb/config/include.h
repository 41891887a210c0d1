// A configuration file together with those that it includes, as its key `include` says:
//   include = "conf.d/*.toml"             files of a pattern, or of a folder, in the order of their names
//   include = ["servers.toml", "pools"]   several of them, one after the other
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "lb/config/config.h"

namespace finishline::config {

/// So many files may be included.
inline constexpr std::size_t kMostIncludes = 1000;

/// What stands in all of them, as one text (parts.h), or every reason why one cannot be read. What is wrong
/// in them is for parse() to tell; of a file that is no TOML nothing is included.
std::variant<std::string, std::vector<Problem>> read_files(const std::string& file);

}  // namespace finishline::config
