// What happened between two looks at a run: a line of --csv, a column of the live graph. A value.
#pragma once

#include <cstdint>

#include "client/histogram.h"

namespace finishline::client {

struct Interval {
  std::uint64_t sent = 0, ok = 0;
  std::uint64_t failed = 0;  // ended in any other way than ok
  Histogram latency;         // of the ok ones

  void merge(const Interval& other) {
    sent += other.sent;
    ok += other.ok;
    failed += other.failed;
    latency.merge(other.latency);
  }
};

}  // namespace finishline::client
