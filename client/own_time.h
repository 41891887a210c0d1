// What the client itself takes of the machine: whether it, and not the other side, sets the limit.
#pragma once

#include "proto/units.h"

namespace finishline::client {

struct OwnTime {
  Nanos cpu{};     // of the process, user and system
  Nanos thread{};  // of the calling thread, likewise
  // Of the calling thread: ready to run, but without a core; 0 where the kernel does not tell.
  Nanos waited{};

  /// In which the thread worked, or could have.
  Nanos busy() const { return thread + waited; }
  OwnTime operator-(const OwnTime& earlier) const {
    return {cpu - earlier.cpu, thread - earlier.thread, waited - earlier.waited};
  }
};

/// Since the process and the thread began.
OwnTime own_time();

}  // namespace finishline::client
