// A port to be had instead of one that is taken: for messages, before the fork.
#pragma once

#include <string>

#include "lb/net/socket.h"

namespace finishline::master {

/// "; 127.0.0.1:9901 is free", of the next ports after that of `address`, of which nobody listens on the
/// first that is named; "" when a hundred are taken, or when errno, as bind_listener() left it, is not
/// EADDRINUSE.
std::string free_port_hint(const net::Address& address, const net::BindOptions& binding);

}  // namespace finishline::master
