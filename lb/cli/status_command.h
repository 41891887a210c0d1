// `finishline status`: what a running proxy does, as a table. A process of its own; asks the admin server.
#pragma once

#include <string>
#include <string_view>

namespace finishline::cli {

/// Reads its flags (--help tells them), prints the table. Returns the exit code: 0, 1 when the proxy does not
/// answer, 2 for bad flags or configuration.
int run_status_command(int argc, char** argv);

/// The table made of what GET /stats gave; nothing when that is no such JSON. Pure.
std::string status_table(std::string_view stats);

}  // namespace finishline::cli
