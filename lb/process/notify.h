// Words to the service manager that started this program (sd_notify(3), the protocol of $NOTIFY_SOCKET).
// Does nothing when there is none. Master process.
#pragma once

#include <string_view>

#include "proto/units.h"

namespace finishline::process {

/// Lines such as "READY=1" and "STATUS=2 workers".
void notify(std::string_view lines);
/// The configuration is read again; to be followed by "READY=1".
void notify_reloading();
/// How often the service manager wants to hear "WATCHDOG=1", twice over; 0: it does not.
Nanos watchdog_interval();

}  // namespace finishline::process
