// `finishline drain NAME` and `finishline undrain NAME`: takes a server out of service, its open requests
// being finished, and back. A process of its own; asks the admin server.
#pragma once

namespace finishline::cli {

/// argv[0] is the command's name. Returns the exit code: 0, 1 when the proxy does not answer or refuses, 2
/// for bad flags, configuration or token file.
int run_server_command(int argc, char** argv);

}  // namespace finishline::cli
