// finishline token new: a token for the admin server, and the line that lets it in. A process of its own.
#pragma once

namespace finishline::cli {

/// Prints the token and its line; returns the exit code. Talks to no proxy.
int run_token_command(int argc, char** argv);

}  // namespace finishline::cli
