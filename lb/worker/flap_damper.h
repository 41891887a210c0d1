// A server that takes connections and ends each before it has said anything, or says what is no reply, flaps:
// it is connected to more and more seldom, and told of once. One link; worker process; no socket, no clock.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "lb/net/backoff.h"
#include "proto/units.h"

namespace finishline::worker {

class FlapDamper {
 public:
  /// Up for so long without a word, it is sound all the same: there may be nothing to say.
  static constexpr Nanos kSoundAfter = 5s;

  /// True: the log is to hear of it now, else when heard() says so.
  bool connected(Instant now) {
    up_since_ = now;
    sound_ = false;
    return !flaps_;
  }
  /// Something that the protocol knows has come. True: the log has yet to hear that the link is up.
  bool heard() {
    sound_ = true;
    return std::exchange(flaps_, false);
  }
  /// A connection, or the try to make one, has ended at `now`. True: the log is to hear why, for it does not
  /// know it yet.
  bool ended(std::string_view why, bool was_up, Instant now) {
    const bool was_sound = was_up && (sound_ || now - up_since_ >= kSoundAfter);
    if (was_sound) backoff_.reset();
    flaps_ = was_up && !was_sound;
    const bool news = was_sound || why != told_;
    told_ = why;
    return news;
  }
  /// Until the next try. `unit` is a random number in [0, 1).
  Nanos wait(double unit) { return backoff_.next(unit); }

 private:
  net::Backoff backoff_{50ms, 2s};
  Instant up_since_{};
  bool sound_ = false;
  bool flaps_ = false;
  std::string told_;  // why it was down
};

}  // namespace finishline::worker
