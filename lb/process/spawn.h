// Making a child process: fork, title, signals, death with its parent.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace finishline::process {

/// Forks. The child ignores what signals mean to the master (signal_table.h) and blocks none, has `title` as
/// its name in ps and top, SIGKILL when this process dies, no way to privileges that it does not have, and
/// exits with what `body` returns; an exception that leaves `body` aborts it. Returns the pid, or -1 with
/// errno set. No thread may run in the caller.
pid_t spawn(const std::string& title, const std::function<int()>& body);

/// "exit 1", "signal 9 (Killed)", from what waitpid gave.
std::string describe_wait_status(int status);

}  // namespace finishline::process
