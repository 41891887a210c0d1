// Resource limits of the process, set before the fork.
#pragma once

#include <optional>
#include <string>

#include "lb/config/config.h"
#include "lb/config/memory.h"

namespace finishline::process {

/// Raises the soft limit of open files to what one worker needs. The reason, with the arithmetic and the
/// remedy, when the hard limit does not allow it.
std::optional<std::string> raise_descriptor_limit(const config::Config& config);

/// As this machine's kernel is set: tcp(7), tcp_rmem, tcp_wmem and tcp_mem. Zeros where it does not say.
config::SocketMemory socket_memory();

}  // namespace finishline::process
