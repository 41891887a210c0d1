// When a drained server leaves: in the first pause of kQuiet, or after kLongest. Requests may have crossed
// its goaway, and are refused meanwhile.
#pragma once

#include <algorithm>
#include <optional>

#include "proto/units.h"

namespace finishline::server {

class Goodbye {
 public:
  /// A request was refused because the server drains.
  void refused(Instant now) { last_refused_ = now; }
  /// Nothing is left to do; the first time counts.
  void drained(Instant now) {
    if (!drained_at_) drained_at_ = now;
  }
  /// Precondition: drained.
  Instant ends() const {
    return std::min(*drained_at_ + kLongest, std::max(*drained_at_, last_refused_) + kQuiet);
  }

 private:
  static constexpr Nanos kQuiet = 200ms, kLongest = 1s;

  std::optional<Instant> drained_at_;
  Instant last_refused_{};
};

}  // namespace finishline::server
