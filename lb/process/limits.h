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

/// Blocks of 1 MiB and more are mapped each by itself from now on, and are the kernel's again when freed. The
/// heap would raise that border to 32 MiB by itself (mallopt(3), M_MMAP_THRESHOLD), and what large bodies
/// leave behind in it are holes that count as ours.
void map_large_blocks();
/// What is free inside the heap goes back to the kernel, page by page: milliseconds where much is.
void give_back_free_memory();

/// As this machine's kernel is set: tcp(7), tcp_rmem, tcp_wmem and tcp_mem. Zeros where it does not say.
config::SocketMemory socket_memory();

}  // namespace finishline::process
