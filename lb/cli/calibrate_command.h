// finishline calibrate: the costs that a recorded trace shows. A process of its own.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lb/model/trace.h"

namespace finishline::cli {

/// The lines of an access log ([log] access), as rows of a trace; the string says what is wrong, with the
/// line.
std::variant<std::vector<model::TraceRow>, std::string> parse_access_log(std::string_view text);

/// argv[0] is the command's name. The exit code: 0, 1 when nothing in the trace tells of a cost, 2 for bad
/// usage and files that cannot be read.
int run_calibrate_command(int argc, char** argv);

}  // namespace finishline::cli
