// The clock of the master's deadlines.
#pragma once

#include <chrono>

#include "proto/units.h"

namespace finishline::master {

inline Instant now() { return std::chrono::steady_clock::now(); }

/// The wall clock.
inline double unix_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace finishline::master
