// `finishline peers`: the other proxies, and how old what is known of them is. A process of its own; asks the
// admin server.
#pragma once

#include <string>
#include <string_view>

namespace finishline::cli {

/// What GET /api/v1/peers says, as a table for people; "" when it is no such page.
std::string peers_table(std::string_view page);

/// argv[0] is the command's name. Returns the exit code: 0, 1 when the proxy does not answer, 2 for bad flags
/// or configuration.
int run_peers_command(int argc, char** argv);

}  // namespace finishline::cli
