// How far a server is from this proxy, as decisions see it. Pure.
#pragma once

#include "proto/units.h"

namespace finishline::sched {

/// A server of another zone is compared with those of this one as if it were slower, or as if each request
/// were done later there than its finish time says. What is booked on it stays what it is.
struct Distance {
  double factor = 1;  // its service times count so many times, >= 1
  Nanos later{};      // by so much, whatever is asked, >= 0

  bool far() const { return factor > 1 || later > 0ns; }
  bool operator==(const Distance&) const = default;
};

}  // namespace finishline::sched
