// `finishline explain POOL`: why requests go where they go, as the running proxy decides; with --type, what
// would become of one now. A process of its own; asks the admin server.
#pragma once

#include <string>
#include <string_view>

namespace finishline::cli {

/// argv[0] is "explain". Returns the exit code: 0, 1 when the proxy does not answer, 2 for bad use.
int run_explain_command(int argc, char** argv);

/// What the admin server tells, in words; "" when it is no such answer.
std::string explain_text(std::string_view answer);

}  // namespace finishline::cli
