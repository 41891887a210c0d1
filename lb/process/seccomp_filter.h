// The system calls that a worker needs, and no others: a seccomp filter. What a worker was not written to do,
// a worker that was taken over cannot do either: no new program, no new listening socket, no file to write.
#pragma once

#include <optional>
#include <string>

namespace finishline::process {

/// From here on any other system call kills this process (SIGSYS). The reason why not. In a build with a
/// sanitizer, which needs calls of its own, nothing happens.
std::optional<std::string> install_seccomp_filter();

}  // namespace finishline::process
