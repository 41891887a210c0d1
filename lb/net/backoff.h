// The next reconnect delay: doubles from `first` to `most`, each drawn from its upper half, so that those
// who failed together do not come back together ("equal jitter", Brooker, AWS Architecture Blog 2015). Pure.
#pragma once

#include <algorithm>

#include "proto/units.h"

namespace finishline::net {

class Backoff {
 public:
  Backoff(Nanos first, Nanos most) : first_(first), most_(most), next_(first) {}

  /// `unit` is a random number in [0, 1).
  Nanos next(double unit) {
    const Nanos span = next_;
    next_ = std::min(next_ * 2, most_);
    return span / 2 + Nanos(static_cast<Nanos::rep>(static_cast<double>(span.count()) / 2 * unit));
  }
  void reset() { next_ = first_; }

 private:
  Nanos first_;
  Nanos most_;
  Nanos next_;
};

}  // namespace finishline::net
