// The cost model, and servers if there are any, from a TOML file: the tables [work], [cost.*] and [[server]]
// of the proxy's configuration (other tables are passed over, so the proxy's own file will do). What the file
// does not say is what the proxy takes then.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/cost_model.h"

namespace finishline::model {

struct CostFile {
  CostModel cost;
  std::vector<ServerSpec> servers;  // numbered from 0 in the order of the file
};

/// The string says what is wrong, with file and line.
std::variant<CostFile, std::string> read_cost_file(const std::string& path);
std::variant<CostFile, std::string> parse_cost_file(std::string_view text, const std::string& path);

}  // namespace finishline::model
