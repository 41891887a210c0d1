// `finishline drain NAME` and `finishline undrain NAME`: takes a server out of service, its open requests
// being finished, and back. A process of its own; asks the admin server.
#pragma once

#include <string>

namespace finishline::cli {

/// argv[0] is the command's name. Returns the exit code: 0, 1 when the proxy does not answer or refuses, 2
/// for bad flags, configuration or token file.
int run_server_command(int argc, char** argv);

/// "video-1 is draining, 3 requests in flight", or streams open, and, of a drain, why a restart forgets it
/// where that is so: of the admin server's reply; "" when it is none.
std::string server_state_text(const std::string& reply, bool drain);

}  // namespace finishline::cli
