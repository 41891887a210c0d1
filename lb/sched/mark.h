// How much work a server may have left when it is given its next request, so that it need not idle until that
// reaches it. One server, as one worker meets it; pure.
//
//   mark = factor * (p95 of the round trip + 2 sigma(actual - pace * booked)) + 0.1 ms,  held to [0.2, 10] ms
//   room = mark / pace
//
// The pace is how long replies took, less the round trip, beside how long the books said they would, at
// most 1. Costs that are declared in too large a unit make a server look busy that has long been done: the
// room it has is as much as it does within its mark, not as much as the books say.
//
// The factor, from 1 to 30, corrects what the two do not see, such as a machine on which everybody is late:
// it grows by a tenth whenever something that waited was sent to a server which had run out of work, and
// shrinks by 1/200 when the server had not, so that this happens to one request in twenty.
//
// The percentile is followed by stochastic approximation (H. Robbins, S. Monro, Annals of Mathematical
// Statistics 22, 1951), sigma as an average that forgets. A mark that is too small lets the server idle for
// the difference, one that is too large binds requests early for it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "proto/units.h"

namespace finishline::sched {

class Mark {
 public:
  static constexpr Nanos kLeast = 200us, kMost = 10ms, kSpare = 100us;

  /// A request and its reply were on their way for so long, the work itself not counted.
  void travelled(Nanos round_trip) {
    const auto seen = static_cast<double>(std::max(round_trip, Nanos{}).count());
    if (trips_ == 0) trip_ = least_ = seen;
    least_ = std::min(seen, least_ + (seen - least_) / kMemory);
    const double step = std::max(seen, trip_) / std::min(++trips_, kMemory);
    trip_ = std::max(trip_ + (seen > trip_ ? 0.95 : -0.05) * step, 0.0);
    mean_trip_ += (seen - mean_trip_) / trips_;
  }
  /// A reply came `took` after its request was sent; by the books it was to take `expected`. By our own
  /// clock: what a server says of itself gives it no room.
  void replied(Nanos booked, Nanos expected, Nanos took) {
    replies_ = std::min(replies_ + 1, kMemory);
    booked_ += (static_cast<double>(booked.count()) - booked_) / replies_;
    expected_ += (static_cast<double>(expected.count()) - expected_) / replies_;
    took_ += (static_cast<double>(took.count()) - took_) / replies_;
  }
  /// A server worked for `actual` on what was booked as `booked`.
  void served(Nanos booked, Nanos actual) {
    const double error = static_cast<double>(actual.count()) - pace() * static_cast<double>(booked.count());
    errors_ = std::min(errors_ + 1, kMemory);
    square_ += (error * error - square_) / errors_;
  }
  /// What waited was sent to it; `idle`: too late, it had nothing to do any more.
  void pulled(bool idle) { factor_ = std::clamp(factor_ * (idle ? 1.1 : 0.995), 1.0, 30.0); }
  /// As the books count.
  Nanos room() const {
    const double seen = std::max(trip_, kLeastTrip) + 2 * std::sqrt(square_);
    const Nanos wanted{static_cast<std::int64_t>(std::min(factor_ * seen, 1e12))};
    return in_the_books(std::clamp(wanted + kSpare, kLeast, kMost));
  }

  /// The same where other proxies give the server work, too. What they have there looks like a longer way,
  /// and a server that they were given first like one that idled; so the shortest way that was seen is all
  /// that counts. A proxy that gave more ahead than others would be given the servers always.
  Nanos shared_room() const {
    const Nanos ways{static_cast<std::int64_t>(std::min(2 * least_, 1e12))};
    return in_the_books(std::clamp(ways + kSpare, kShared, kMost));
  }
  static constexpr Nanos kShared = 1ms;

 private:
  static constexpr double kMemory = 100;  // observations

  static constexpr double kLeastTrip = 50e3;  // ns
  static constexpr double kLeastPace = 1e-5;
  /// Costs that are so wrong say little of when to send the next one: the server gets several, and where each
  /// is done in less time than its way takes, batches.
  static constexpr double kMuchTooLarge = 0.2;
  static constexpr Nanos kWrongUnit = 1ms;

  double pace() const {
    const double worked = took_ - mean_trip_;
    return replies_ > 0 && worked < expected_ ? std::max(worked / expected_, kLeastPace) : 1;
  }
  Nanos in_the_books(Nanos mark) const {
    const double pace = this->pace();
    if (pace < kMuchTooLarge) mark = std::max(mark, pace * booked_ < kLeastTrip ? kMost : kWrongUnit);
    return Nanos{static_cast<std::int64_t>(static_cast<double>(mark.count()) / pace)};
  }

  double trips_ = 0, trip_ = 0, mean_trip_ = 0, least_ = 0;
  double errors_ = 0, square_ = 0;  // the mean of the squared errors
  double factor_ = 1;
  double replies_ = 0, booked_ = 0, expected_ = 0, took_ = 0;  // means, ns
};

/// Whether a server may be given a request now: it has little left, or one of its slots is free. `finish` as
/// in PoolView.
constexpr bool has_room(std::int64_t finish, std::int64_t now, std::uint32_t in_flight, std::uint32_t slots,
                        Nanos mark) {
  return in_flight < slots ||
         (finish < std::numeric_limits<std::int64_t>::max() && finish - now <= mark.count());
}

}  // namespace finishline::sched
