// What the client itself takes of the machine: whether it, and not the other side, sets the limit.
#pragma once

#include "proto/units.h"

namespace finishline::client {

struct OwnTime {
  Nanos cpu{};  // of the process, user and system
  Nanos
      waited{};  // of the calling thread: ready to run, but without a core; 0 where the kernel does not tell

  OwnTime operator-(const OwnTime& earlier) const { return {cpu - earlier.cpu, waited - earlier.waited}; }
};

/// Since the process began.
OwnTime own_time();

}  // namespace finishline::client
