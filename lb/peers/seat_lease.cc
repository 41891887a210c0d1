#include "lb/peers/seat_lease.h"

namespace finishline::peers {

SeatLease::Ask SeatLease::look(Instant now, bool others) {
  const bool held = holds(now);
  if (asked_ || (others && !held)) return Ask::nothing;
  if (asked_at_ && now - *asked_at_ < (held ? kRenew : kTryAgain)) return Ask::nothing;
  asked_ = true;
  asked_at_ = now;
  return held ? Ask::renew : Ask::take;
}

void SeatLease::answered(bool ours) {
  if (!asked_) return;
  asked_ = false;
  held_until_ = ours ? *asked_at_ + kGiveUp : Instant{};
}

}  // namespace finishline::peers
