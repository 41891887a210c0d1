// Giving up root, in a child before it touches a byte from outside. The master keeps what it was started
// with, so that a later reload can bind what only root may.
#pragma once

#include <optional>
#include <string>

#include "lb/config/config.h"

namespace finishline::process {

/// Becomes proxy.user and proxy.group for good, when this process is root and they are given; without root
/// there is nothing to give up and nothing happens. The reason why it could not: then this process must end.
/// The child still dies with its parent.
std::optional<std::string> drop_privileges(const config::Proxy& proxy);

}  // namespace finishline::process
