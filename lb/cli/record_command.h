// `finishline record POOL --seconds 60 > trace.csv`: the requests of a pool as they are served, for
// `finishline sim
// --trace`. A process of its own; asks the admin server several times a second, which records only meanwhile.
#pragma once

namespace finishline::cli {

/// argv[0] is the command's name. Prints the trace to standard output and a summary to standard error; Ctrl-C
/// ends it early. Returns the exit code: 0, 1 when the proxy does not answer, 2 for bad flags.
int run_record_command(int argc, char** argv);

}  // namespace finishline::cli
