// How long a reply is waited for: by the books once nobody wants it any more, and by a link whose server goes
// on without it. Floor 1: pure; time is an argument. What the finish time makes of a late reply:
// ledger/finish_rule.h.
//
//   sent ---------- due ---------- given up by its client ----- + service + 100 ms: its booking ends
//     `--- due + 5 s + 20 x as long as expected, by the pace of this link: it makes its server look busy no
//          longer; and if later ones have been answered its reply is lost, and the link is closed
//
// A server that answers nothing at all on a link, although it was given more than its time, has failed: once
// when a deadline passes there, or when it is that long overdue, and again for what it is given after that.
#pragma once

#include <algorithm>
#include <cmath>

#include "proto/units.h"

namespace finishline::sched {

/// Until when the booking of a request lives whose client has gone or whose deadline has passed at `now`: the
/// server may be at work on it still, for as long as that was to take, but not for ever.
inline Instant booking_end(Instant due, Nanos service, Instant now) {
  constexpr Nanos kGrace = 100ms;
  return std::max(due, now) + service + kGrace;
}

/// The replies of one link, as far as they tell whether another one is lost.
class LinkPace {
 public:
  /// Replies come in order, so that none can overtake a lost one.
  explicit LinkPace(bool in_order = false) : in_order_(in_order) {}

  /// A reply came at `now` that was expected at `due`; `oldest`: of all requests on the link it had waited
  /// longest.
  void replied(bool oldest, Instant sent, Instant due, Instant now) {
    overtaken_ = !oldest;
    heard_at_ = now;
    if (now > due) {
      slowness_ = std::max(slowness_ * kFade, ratio(now - sent, due - sent));
    } else if (slowness_ > 1) {
      slowness_ = std::max(slowness_ * kFade, 1.0);
    }
  }
  /// A reply came with an id that no request here has had: the one whose reply it is misses it.
  void misdelivered() { overtaken_ = true; }
  /// Whether the reply to the oldest request on the link is given up: it is long overdue, and later ones have
  /// been answered, where they can be, or one that is nobody's.
  bool is_lost(Instant sent, Instant due, Instant now) const {
    return (overtaken_ || in_order_) && is_long_overdue(sent, due, now);
  }
  /// Nothing has come since this request was sent, it is overdue by twenty times its service, and this was
  /// not told before of one that was sent later.
  bool shows_silence(Instant sent, Instant due, Nanos service, Instant now) {
    if (heard_at_ >= sent || sent <= blamed_at_ || now - due <= patience_for(service)) return false;
    blamed_at_ = now;
    return true;
  }
  /// Nothing has come since the oldest was sent, which is long overdue; the newest was sent after this was
  /// last told.
  bool keeps_silent(Instant oldest, Instant due, Instant newest, Instant now) {
    if (heard_at_ >= oldest || newest <= blamed_at_ || now - blamed_at_ < kPatience) return false;
    if (!is_long_overdue(oldest, due, now)) return false;
    blamed_at_ = now;
    return true;
  }
  /// By the pace of the others.
  bool is_long_overdue(Instant sent, Instant due, Instant now) const {
    return now - due - kPatience > patience_for(due - sent);
  }

 private:
  static constexpr Nanos kPatience = 5s;
  static constexpr Nanos kShort = 1ms;  // what takes less is as unsure as this
  static constexpr double kFactor = 20;
  static constexpr double kFade = 0.9;

  Nanos patience_for(Nanos expected) const {
    constexpr double kMost = 1e18;
    return Nanos(std::llround(
        std::min(kMost, kFactor * slowness_ * static_cast<double>(std::max(expected, kShort).count()))));
  }
  static double ratio(Nanos took, Nanos expected) {
    return static_cast<double>(took.count()) / static_cast<double>(std::max<Nanos>(expected, kShort).count());
  }

  double slowness_ = 1;  // how many times longer than expected replies took of late
  bool overtaken_ =
      false;  // the last reply was to a request sent after the one that waits longest, or to none
  bool in_order_;
  Instant heard_at_{};   // the last reply
  Instant blamed_at_{};  // its silence was told
};

}  // namespace finishline::sched
