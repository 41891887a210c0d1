// The log of one process as the configuration wants it.
#pragma once

#include <string>

#include "lb/config/config.h"

namespace finishline::process {

/// (Re)opens the log under this process name ("worker 0"); complains into it when the file cannot be used.
void start_log(const config::Log& log, const std::string& name);
/// As the configuration wants it from now on, in a child that the master gives its log file (order.h).
void change_log(const config::Log& log, const std::string& name);
/// (Re)opens the access log, if there is to be one; complains into the log when the file cannot be used.
void start_access_log(const config::Log& log);
/// Of both logs: the file under its name, which may be another one now; complains when it cannot be opened,
/// and goes on in the one before.
void reopen_log();

}  // namespace finishline::process
