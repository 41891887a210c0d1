// The file that a listener's Unix socket is to have. Master process.
#pragma once

#include "lb/config/config.h"
#include "lb/net/unix_file.h"

namespace finishline::master {

/// User and group exist on this machine, or the configuration would have been refused.
net::UnixFile socket_file_of(const config::Listener& listener);

}  // namespace finishline::master
