// Listening sockets that a service manager has opened for this program (sd_listen_fds(3)). Master process.
#pragma once

#include <vector>

#include "lb/process/descriptor.h"

namespace finishline::process {

/// Non-blocking, closed on exec, in the order in which they were passed; none when this program was not
/// activated so. To be called once, before any other descriptor is opened: the environment is cleared, so
/// that no program after this one takes them for its own.
std::vector<Descriptor> take_activated_sockets();

}  // namespace finishline::process
