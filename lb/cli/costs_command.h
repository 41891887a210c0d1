// `finishline costs`: what each type of request costs each server, as declared and as learned. A process of
// its own; asks the admin server.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace finishline::cli {

/// The costs in such a /stats page as a table for people; "" when it is none.
std::string costs_table(std::string_view stats);
/// The same as JSON, of each server {"server": ..., "learn": ..., "costs": {TYPE: {...}}}; null when it is
/// none.
nlohmann::ordered_json costs_json(std::string_view stats);

/// argv[0] is the command's name. Returns the exit code: 0, 1 when the proxy does not answer, 2 for bad flags
/// or configuration.
int run_costs_command(int argc, char** argv);

}  // namespace finishline::cli
