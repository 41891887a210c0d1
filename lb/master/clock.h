// The clock of the master's deadlines.
#pragma once

#include <chrono>

#include "proto/units.h"

namespace finishline::master {

inline Instant now() { return std::chrono::steady_clock::now(); }

}  // namespace finishline::master
