#include "lb/net/busy_poll.h"

#include <algorithm>

namespace finishline::net {

bool BusyPoll::looks_again(std::size_t reads, Instant now) {
  if (reads == 0) {
    if (looking_ && now - last_bytes_ >= window_) looked_in_vain(now);
    return looking_;
  }
  if (adapts_) learn(now - last_bytes_);
  last_bytes_ = now;
  return looking_ = window_ > 0ns && (!adapts_ || (reads <= kFew && can_pay(now)));
}

void BusyPoll::learn(Nanos waited) {
  if (waited > kMost) {
    window_ = window_ / 2 < kLeast ? 0ns : window_ / 2;
  } else if (!looking_) {
    window_ = std::clamp(2 * window_, kLeast, kMost);
  }
}

void BusyPoll::looked_in_vain(Instant now) {
  looking_ = false;
  const double price = static_cast<double>(window_.count()) / kBudget;
  paid_until_ = std::max(paid_until_, now) + Nanos(static_cast<Nanos::rep>(price));
}

}  // namespace finishline::net
