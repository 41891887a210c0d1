// The same numbers as JSON, for people's scripts and `finishline status`. Pure.
#pragma once

#include <string>

#include "lb/control/snapshot.h"

namespace finishline::control {

/// An object of: version, uptime_s, admin {connections, streams, refused: {reason: n}}, connections
/// {accepted, open, closed: {reason: n}}, requests {received, answered, open, abandoned, by_type: {type:
/// {received, status: n}}, rejected: {status: n}}, processes
/// [...], workers [...], servers [...], pools [...]. Counts by status or reason leave out what is zero. Times
/// end in _ms or _s; quantiles of what has not been seen are null.
std::string stats_page(const Snapshot& snapshot);

}  // namespace finishline::control
